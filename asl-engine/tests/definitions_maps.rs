//! What is wrong with Distributed Maps and their ItemReaders, in AWS's words where AWS has them.

#[path = "support/findings.rs"]
mod support;

use asl_engine::{CheckOptions, Severity, diagnose};
use support::{machine, state};

#[test]
fn distributed_maps() {
    let map = |fields: &str| {
        let scope = r#""StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}"#;
        let processor =
            format!(r#"{{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, {scope}}}"#);
        state(&format!(r#""Type": "Map", "ItemProcessor": {processor}, "Next": "T", {fields}"#))
    };
    for (fields, expected) in [
        (r#""Label": "a-b_c.é""#, ""),
        (r#""Label": "a b""#, "INVALID_LABEL_NAME: Label contains invalid character: ' ' at @/Label"),
        (r#""Label": "a\tb""#, "INVALID_LABEL_NAME: Label contains invalid character: '\\t' at @/Label"),
        (r#""Label": """#, "INVALID_LABEL_NAME: Label cannot be empty at @/Label"),
        (r#""Label": "a\\b""#, "INVALID_LABEL_NAME: Label contains invalid character: '\\' at @/Label"),
        (r#""Label": "a\u0090""#, "INVALID_LABEL_NAME: Label contains invalid character: '\\x90' at @/Label"),
        (
            r#""Label": "12345678901234567890123456789012345678901""#,
            "INVALID_LABEL_NAME: Label cannot exceed 40 characters at @/Label",
        ),
        (r#""ToleratedFailurePercentage": 100.5"#, "Maximum value is 100.0 at @/ToleratedFailurePercentage"),
        (r#""ToleratedFailureCount": -1"#, "Minimum value is 0 at @/ToleratedFailureCount"),
        (
            r#""ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.a""#,
            "There should only be one of the following fields: [ToleratedFailureCount, ToleratedFailureCountPath] at @",
        ),
        (
            r#""ItemBatcher": {}"#,
            "One of the following fields is required: \
             [MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath] at @/ItemBatcher",
        ),
    ] {
        assert_eq!(map(fields), expected, "{fields}");
    }
}

/// What was recorded (`Validation.ItemReader` of the second body), and what follows from it.
#[test]
fn reader_configs() {
    let reader = |action: &str, config: &str| {
        let scope = r#""StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}"#;
        let mode = r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}"#;
        let reader = format!(
            r#"{{"Resource": "arn:aws:states:::s3:{action}", "ReaderConfig": {{{config}}}, "Parameters": {{"Bucket": "b"}}}}"#
        );
        let fields =
            format!(r#""Type": "Map", "ItemReader": {reader}, "ItemProcessor": {{{mode}, {scope}}}, "Next": "T""#);
        let found = diagnose(&machine(&fields), CheckOptions::default());
        // What asl does not run is none of AWS's business, and T is not reached by all.
        let told = found.into_iter().filter(|found| found.severity == Severity::Error);
        told.map(|found| found.message).collect::<Vec<_>>().join("; ")
    };
    for (action, config, expected) in [
        (
            "getObject",
            r#""ManifestType": "S3_INVENTORY", "InputType": "CSV""#,
            "The field 'CSVHeaderLocation' is required",
        ),
        ("listObjectsV2", r#""Transformation": "LOAD_AND_FLATTEN""#, "The field 'InputType' is required"),
        ("listObjectsV2", r#""Transformation": "NONE""#, ""),
        ("listObjectsV2", r#""Transformation": "LOAD_AND_FLATTEN", "InputType": "JSON""#, ""),
        (
            "getObject",
            r#""InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW""#,
            "Field 'CSVHeaderLocation' is not supported",
        ),
        ("getObject", r#""ManifestType": "ATHENA_DATA", "InputType": "JSON""#, "Field 'ManifestType' is not supported"),
        ("getObject", r#""InputType": "CSV", "CSVHeaderLocation": "GIVEN""#, "These fields are required: [CSVHeaders]"),
        (
            "getObject",
            r#""InputType": "JSONL", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["id"]"#,
            "Field 'CSVHeaderLocation' is not supported; Field 'CSVHeaders' is not supported",
        ),
        ("getObject", "", "The field 'InputType' is required"),
        (
            "getObject",
            r#""InputType": "CVS""#,
            "The field 'InputType' should have one of these values: [CSV, JSON, JSONL, PARQUET, MANIFEST]",
        ),
        (
            "getObject",
            r#""InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "DOT""#,
            "Value should be one of the following: [COMMA, PIPE, SEMICOLON, SPACE, TAB]",
        ),
        ("putObject", r#""InputType": "JSON""#, "The field 'Resource' does not match any of the allowed values"),
    ] {
        assert_eq!(reader(action, config), expected, "{action} {config}");
    }
}
