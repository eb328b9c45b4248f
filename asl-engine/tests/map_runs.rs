//! Map Runs: items that are read piece by piece, and results that are written.

mod support;

use asl_engine::{Outcome, Quotas, TaskRequest, Value};
use support::{run, run_within};

/// A Map of child executions of one Pass state, with these fields.
fn machine(fields: &str) -> String {
    format!(
        r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true, {fields}, "Label": "each",
            "ItemProcessor": {{
                "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                "StartAt": "Keep", "States": {{"Keep": {{"Type": "Choice", "Default": "Good",
                    "Choices": [{{"Variable": "$", "NumericEquals": 13, "Next": "Bad"}}]}},
                    "Good": {{"Type": "Succeed"}}, "Bad": {{"Type": "Fail", "Error": "Thirteen", "Cause": "Bad luck"}}}}
            }}}}}}}}"#
    )
}

fn value(text: &str) -> Value {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Objects of a bucket that are read in pieces of `piece` bytes, and what was written: keys with the texts behind each other.
struct Bucket {
    objects: Vec<(&'static str, &'static str)>,
    piece: usize,
    asked: Vec<String>,
    written: Vec<(String, String)>,
}

impl Bucket {
    fn of(objects: &[(&'static str, &'static str)]) -> Self {
        Self { objects: objects.to_vec(), piece: 5, asked: Vec::new(), written: Vec::new() }
    }

    fn answer(&mut self, request: &TaskRequest) -> Option<Outcome> {
        let input = &request.input;
        let action = request.resource.rsplit(':').next().unwrap_or_default();
        let shown = match action {
            "putObject" => format!("putObject {}", input["Key"].as_str().unwrap_or_default()),
            _ => format!("{action} {input}"),
        };
        self.asked.push(shown);
        Some(match action {
            "getObject" => {
                let key = input["Key"].as_str().unwrap_or_default();
                match self.objects.iter().find(|(name, _)| *name == key) {
                    None => Err(asl_engine::Failure::new("S3.NoSuchKeyException", "The specified key does not exist.")),
                    Some((_, text)) => {
                        let from =
                            input["Range"].as_str().map_or(0, |range| range[6..range.len() - 1].parse().unwrap());
                        let end = (from + self.piece).min(text.len());
                        let range = format!("bytes {from}-{}/{}", end - 1, text.len());
                        Ok([("Body", Value::from(&text[from..end])), ("ContentRange", range.into())].into())
                    }
                }
            }
            "listObjectsV2" => {
                // Two objects a page.
                let from: usize = input["ContinuationToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let end = (from + 2).min(self.objects.len());
                let listed = self.objects[from..end].iter().map(|(key, text)| {
                    let size = i64::try_from(text.len()).unwrap();
                    let modified = Value::from("2026-09-12T03:17:02.000Z");
                    Value::from([
                        ("ETag", "\"e\"".into()),
                        ("Key", (*key).into()),
                        ("LastModified", modified),
                        ("Size", size.into()),
                    ])
                });
                let contents = ("Contents", listed.collect::<Value>());
                let more = (end < self.objects.len()).then(|| ("NextContinuationToken", end.to_string().into()));
                Ok([contents].into_iter().chain(more).collect())
            }
            _ => {
                let (key, body) = (input["Key"].as_str().unwrap(), input["Body"].as_str().unwrap());
                match self.written.iter_mut().find(|(name, _)| name == key) {
                    Some((_, text)) => text.push_str(body),
                    None => self.written.push((key.to_owned(), body.to_owned())),
                }
                Ok(Value::empty_object())
            }
        })
    }
}

/// The output, or the failure, of a run over a bucket.
fn outcome(definition: &str, input: &str, bucket: &mut Bucket) -> String {
    let plain = run(definition, input, false, &mut |request| bucket.answer(request));
    let asked = std::mem::take(&mut bucket.asked);
    bucket.written.clear();
    // A Frame that is saved and restored after every step, and its Joins, ask the same and end in the same way.
    let saved = run(definition, input, true, &mut |request| bucket.answer(request));
    assert_eq!((&saved, &bucket.asked), (&plain, &asked));
    match plain.outcome {
        Ok(output) => output.to_string(),
        Err(failure) => failure.to_string(),
    }
}

const OBJECTS: [(&str, &str); 6] = [
    ("list.json", r#"{"data": {"items": [{"id": "a"}, {"id": "b"}]}}"#),
    ("rows.csv", "id;name\n1;é\n2;\"x;y\"\n"),
    ("lines.jsonl", "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}"),
    ("athena.csv", "s3://b/lines.jsonl\ns3://b/more.jsonl\n"),
    ("more.jsonl", "4\n5\n"),
    (
        "inventory.json",
        r#"{"destinationBucket": "arn:aws:s3:::b", "fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": [{"key": "objects.csv"}]}"#,
    ),
];

#[test]
fn readers_give_their_items() {
    let get = |key: &str, config: &str| {
        format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "Parameters": {{"Bucket": "b", "Key": "{key}"}},
                "ReaderConfig": {{{config}}}}}, "ItemSelector": {{"v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"}}"#
        )
    };
    // AWS developer guide, "ItemReader (Map)" and "Context object".
    let cases = [
        (
            get("list.json", r#""InputType": "JSON", "ItemsPointer": "/data/items""#),
            r#"[{"s":"s3://b/list.json","v":{"id":"a"}},{"s":"s3://b/list.json","v":{"id":"b"}}]"#,
        ),
        (
            get("rows.csv", r#""InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "SEMICOLON""#),
            r#"[{"s":"s3://b/rows.csv","v":{"id":"1","name":"é"}},{"s":"s3://b/rows.csv","v":{"id":"2","name":"x;y"}}]"#,
        ),
        (
            get("lines.jsonl", r#""InputType": "JSONL", "MaxItems": 2"#),
            r#"[{"s":"s3://b/lines.jsonl","v":{"id":1}},{"s":"s3://b/lines.jsonl","v":{"id":2}}]"#,
        ),
        (
            // The held-back recordings of the first body: 0 is all.
            get("more.jsonl", r#""InputType": "JSONL", "MaxItems": 0"#),
            r#"[{"s":"s3://b/more.jsonl","v":4},{"s":"s3://b/more.jsonl","v":5}]"#,
        ),
        (
            get("athena.csv", r#""InputType": "JSONL", "ManifestType": "ATHENA_DATA", "MaxItems": 4"#),
            r#"[{"s":"s3://b/lines.jsonl","v":{"id":1}},{"s":"s3://b/lines.jsonl","v":{"id":2}},{"s":"s3://b/lines.jsonl","v":{"id":3}},{"s":"s3://b/more.jsonl","v":4}]"#,
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(outcome(&machine(&fields), "{}", &mut Bucket::of(&OBJECTS)), expected, "{fields}");
    }
    for config in [r#""InputType": "MANIFEST""#, r#""ManifestType": "S3_INVENTORY""#] {
        let objects = [OBJECTS[5], ("objects.csv", "\"b\",\"one\"\n\"b\",\"two\"\n")];
        let found = outcome(&machine(&get("inventory.json", config)), "{}", &mut Bucket::of(&objects));
        let expected = r#"[{"s":"s3://b/objects.csv","v":{"Bucket":"b","Key":"one"}},{"s":"s3://b/objects.csv","v":{"Bucket":"b","Key":"two"}}]"#;
        assert_eq!(found, expected);
    }
}

#[test]
fn lists_of_objects_are_items_or_hold_them() {
    let list = |config: &str, selector: &str| {
        let reader = format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {{"Bucket": "b", "Prefix": "p/"}}{config}}}{selector}"#
        );
        machine(&reader)
    };
    let objects = [("p/1.json", "[1,[2]]"), ("p/", ""), ("p/2.json", r#"{"k": 3}"#)];
    // Recorded: held-back cases of the first body (StorageClass, LastModified).
    let item = |key: &str, size: usize| {
        format!(
            r#"{{"Etag":"\"e\"","Key":"{key}","LastModified":1.789183022E9,"Size":{size},"StorageClass":"STANDARD"}}"#
        )
    };
    let listed = format!("[{},{},{}]", item("p/1.json", 7), item("p/", 0), item("p/2.json", 8));
    let mut bucket = Bucket::of(&objects);
    assert_eq!(outcome(&list("", ""), "{}", &mut bucket), listed);
    let asked = [
        r#"listObjectsV2 {"Bucket":"b","Prefix":"p/"}"#,
        r#"listObjectsV2 {"Bucket":"b","Prefix":"p/","ContinuationToken":"2"}"#,
    ];
    assert_eq!(bucket.asked, asked);
    // aws2.jsonl, Observation.ItemReader-003 and -013; members of an object by the developer guide.
    let config = r#", "ReaderConfig": {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}"#;
    let selector = r#", "ItemSelector": {"v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"}"#;
    let loaded = r#"[{"s":"s3://b/p/1.json","v":1},{"s":"s3://b/p/1.json","v":[2]},{"s":"s3://b/p/2.json","v":3}]"#;
    assert_eq!(outcome(&list(config, selector), "{}", &mut Bucket::of(&objects)), loaded);
    let pairs = r#"[1,[2],{"Key":"k","Value":3}]"#;
    assert_eq!(outcome(&list(config, ""), "{}", &mut Bucket::of(&objects)), pairs);
}

#[test]
fn what_cannot_be_read_fails_the_map_run() {
    let read = |key: &str| {
        let fields = format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "Parameters": {{"Bucket": "b", "Key": "{key}"}},
                "ReaderConfig": {{"InputType": "JSONL"}}}}"#
        );
        outcome(&machine(&fields), "{}", &mut Bucket::of(&[("bad.jsonl", "1\n2\nx\n")]))
    };
    let gone = "States.ItemReaderFailed: S3.NoSuchKeyException: The specified key does not exist.";
    assert_eq!(read("gone"), gone);
    assert_eq!(read("bad.jsonl"), "States.ItemReaderFailed: Line 3 is not JSON: expected a value, found 'x'");
}

#[test]
fn a_reader_names_what_it_reads() {
    // Amazon S3 API reference, GetObject and ListObjectsV2. What AWS's Cause says is not known.
    let bucket = "States.ItemReaderFailed: The ItemReader names no bucket: 'Bucket' has to be a text";
    let key = "States.ItemReaderFailed: The ItemReader names no key: 'Key' has to be a text";
    for (action, parameters, expected) in [
        ("getObject", "", bucket),
        ("getObject", r#", "Parameters": {"Key": "more.jsonl"}"#, bucket),
        ("getObject", r#", "Parameters": {"Bucket": 7, "Key": "more.jsonl"}"#, bucket),
        ("getObject", r#", "Parameters": {"Bucket": "", "Key": "more.jsonl"}"#, bucket),
        ("getObject", r#", "Parameters": {"Bucket": "b"}"#, key),
        ("getObject", r#", "Parameters": {"Bucket": "b", "Key.$": "$.key"}"#, key),
        ("getObject", r#", "Parameters": {"Bucket": "b", "Key": "more.jsonl"}"#, "[4,5]"),
        ("listObjectsV2", r#", "Parameters": {"Prefix": "x"}"#, bucket),
        ("listObjectsV2", r#", "Parameters": {"Bucket.$": "$.key"}"#, bucket),
    ] {
        let config = if action == "getObject" { r#", "ReaderConfig": {"InputType": "JSONL"}"# } else { "" };
        let fields = format!(r#""ItemReader": {{"Resource": "arn:aws:states:::s3:{action}"{parameters}{config}}}"#);
        let mut bucket = Bucket::of(&OBJECTS);
        assert_eq!(outcome(&machine(&fields), r#"{"key": 7}"#, &mut bucket), expected, "{action}{parameters}");
        assert!(expected == "[4,5]" || bucket.asked.is_empty(), "{:?}", bucket.asked);
    }
}

const DESTINATION: &str =
    r#""Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix.$": "$.to"}"#;

/// What a ResultWriter over the items of `$.items` gives, and writes, with the key of the run cut away.
fn written(fields: &str, input: &str) -> (String, Vec<(String, Value)>) {
    let mut bucket = Bucket::of(&[]);
    let definition = machine(&format!(r#""ItemsPath": "$.items", {fields}"#));
    let outcome = outcome(&definition, input, &mut bucket);
    let written = bucket.written.into_iter().map(|(key, text)| {
        let name = key.rsplit('/').next().unwrap_or_default().to_owned();
        let value = text.parse().unwrap_or_else(|_| Value::from(text));
        (name, value)
    });
    (outcome, written.collect())
}

#[test]
fn results_are_written_as_aws_lays_them_out() {
    let fields = format!(r#""ToleratedFailureCount": 5, "ResultWriter": {{{DESTINATION}}}"#);
    let (outcome, files) = written(&fields, r#"{"items": [1, 13, "é"], "to": "a/b"}"#);
    let output = value(&outcome);
    let arn = output["MapRunArn"].as_str().unwrap();
    let run = arn.strip_prefix("arn:aws:states:us-east-1:000000000000:mapRun:machine/each:").unwrap();
    let key = |name: &str| format!("a/b/{run}/{name}");
    assert_eq!(
        output["ResultWriterDetails"],
        value(&format!(r#"{{"Bucket":"out","Key":"{}"}}"#, key("manifest.json")))
    );
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["FAILED_0.json", "SUCCEEDED_0.json", "manifest.json"]);
    let size = |at: usize| files[at].1.json_len();
    let manifest = format!(
        r#"{{"DestinationBucket":"out","MapRunArn":"{arn}","ResultFiles":{{"FAILED":[{{"Key":"{}","Size":{}}}],"PENDING":[],"SUCCEEDED":[{{"Key":"{}","Size":{}}}]}}}}"#,
        key("FAILED_0.json"),
        size(0),
        key("SUCCEEDED_0.json"),
        size(1),
    );
    assert_eq!(files[2].1.to_string(), manifest);
    // AWS developer guide, "ResultWriter (Map)": the example of the transformation NONE.
    let second = &files[1].1[1];
    let members: Vec<&str> = second.as_object().unwrap().iter().map(|(name, _)| &**name).collect();
    let expected = [
        "ExecutionArn",
        "Input",
        "InputDetails",
        "Name",
        "Output",
        "OutputDetails",
        "RedriveCount",
        "RedriveStatus",
        "RedriveStatusReason",
        "StartDate",
        "StateMachineArn",
        "Status",
        "StopDate",
    ];
    assert_eq!(members, expected);
    assert_eq!((second["Input"].as_str(), second["Output"].as_str()), (Some("\"é\""), Some("\"é\"")));
    let name = second["Name"].as_str().unwrap();
    let arn = format!("arn:aws:states:us-east-1:000000000000:execution:machine/each:{name}");
    assert_eq!(second["ExecutionArn"].as_str(), Some(&*arn));
    assert_eq!(
        second["StateMachineArn"].as_str(),
        Some("arn:aws:states:us-east-1:000000000000:stateMachine:machine/each")
    );
    assert_eq!(second["StartDate"].as_str(), Some("2024-02-29T12:00:00.000Z"));
    // Of a failed one: as a file that AWS wrote has it (a public test of its readers, one source only).
    let failed = &files[0].1[0];
    let members: Vec<&str> = failed.as_object().unwrap().iter().map(|(name, _)| &**name).collect();
    let expected = [
        "Cause",
        "Error",
        "ExecutionArn",
        "Input",
        "InputDetails",
        "Name",
        "OutputDetails",
        "RedriveCount",
        "RedriveStatus",
        "StartDate",
        "StateMachineArn",
        "Status",
        "StopDate",
    ];
    assert_eq!(members, expected);
    assert_eq!((failed["Error"].as_str(), failed["Status"].as_str()), (Some("Thirteen"), Some("FAILED")));
    assert_eq!(failed["RedriveStatus"].as_str(), Some("REDRIVABLE_BY_MAP_RUN"));
}

#[test]
fn results_take_the_form_that_is_asked_for() {
    // AWS developer guide, "ResultWriter (Map)": the example of the three transformations.
    let input = r#"{"items": [[1, 2], {"a": [3]}, [[4]]], "to": ""}"#;
    for (transformation, output_type, expected) in [
        ("COMPACT", "JSON", r#"[[1,2],{"a":[3]},[[4]]]"#),
        ("FLATTEN", "JSON", r#"[1,2,{"a":[3]},[4]]"#),
        ("COMPACT", "JSONL", "[1,2]\n{\"a\":[3]}\n[[4]]\n"),
        ("FLATTEN", "JSONL", "1\n2\n{\"a\":[3]}\n[4]\n"),
    ] {
        let config =
            format!(r#""WriterConfig": {{"Transformation": "{transformation}", "OutputType": "{output_type}"}}"#);
        let (outcome, files) = written(&format!(r#""ResultWriter": {{{config}}}"#), input);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!((text(&value(&outcome)), files.len()), (expected.to_owned(), 0));
        let (_, files) = written(&format!(r#""ResultWriter": {{{config}, {DESTINATION}}}"#), input);
        let name = format!("SUCCEEDED_0.{}", output_type.to_lowercase());
        assert_eq!((&files[0].0, text(&files[0].1)), (&name, expected.to_owned()));
    }
    let (outcome, _) =
        written(r#""ResultWriter": {"WriterConfig": {"Transformation": "NONE", "OutputType": "JSON"}}"#, input);
    assert_eq!(value(&outcome)[0]["Output"].as_str(), Some("[1,2]"));
    // Without a ResultWriter it is COMPACT.
    let (outcome, files) = written(r#""MaxConcurrency": 2"#, input);
    assert_eq!((outcome, files.len()), (r#"[[1,2],{"a":[3]},[[4]]]"#.to_owned(), 0));
}

#[test]
fn a_failed_map_run_writes_what_did_not_start() {
    let fields = format!(r#""MaxConcurrency": 1, "ResultWriter": {{{DESTINATION}}}"#);
    let (outcome, files) = written(&fields, r#"{"items": [1, 13, 2, 3], "to": "x/"}"#);
    assert_eq!(
        outcome,
        "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded"
    );
    let counts: Vec<(&str, usize)> =
        files.iter().map(|(name, list)| (&**name, list.as_array().map_or(0, |list| list.len()))).collect();
    assert_eq!(counts, [("FAILED_0.json", 1), ("PENDING_0.json", 2), ("SUCCEEDED_0.json", 1), ("manifest.json", 0)]);
    assert_eq!(files[1].1[0].to_string(), r#"{"Input":"2","InputDetails":{"Included":true},"Status":"PENDING"}"#);
}

#[test]
fn a_writer_that_cannot_write_fails_the_state() {
    let definition = machine(&format!(r#""ItemsPath": "$.items", "ResultWriter": {{{DESTINATION}}}"#));
    let refuse = |_: &TaskRequest| Some(Err(asl_engine::Failure::new("S3.NoSuchBucketException", "No such bucket")));
    let failed = run(&definition, r#"{"items": [1], "to": ""}"#, false, &mut { refuse });
    let failure = failed.outcome.unwrap_err().to_string();
    assert_eq!(failure, "States.ResultWriterFailed: S3.NoSuchBucketException: No such bucket");
    let definition = machine(
        r#""ItemsPath": "$.items", "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Prefix": "x"}}"#,
    );
    let failed = run(&definition, r#"{"items": [1]}"#, false, &mut { refuse });
    assert_eq!(failed.outcome.unwrap_err().error.as_deref(), Some("States.ResultWriterFailed"));
}

#[test]
fn failures_are_borne_up_to_a_count_or_a_part() {
    // AWS developer guide, "Setting failure thresholds"; that 0 says nothing: `sfnx` 3.1.0 on PyPI, and what DescribeMapRun
    // shows where nothing is said.
    for (fields, items, borne) in [
        (r#""MaxConcurrency": 1"#, "[13]", false),
        (r#""ToleratedFailureCount": 1"#, "[13, 1]", true),
        (r#""ToleratedFailureCount": 1"#, "[13, 13]", false),
        (r#""ToleratedFailurePercentage": 50"#, "[13, 1]", true),
        (r#""ToleratedFailurePercentage": 49"#, "[13, 1]", false),
        (r#""ToleratedFailurePercentage": 100"#, "[13, 13]", true),
        (r#""ToleratedFailureCount": 0, "ToleratedFailurePercentage": 50"#, "[13, 1]", true),
        (r#""ToleratedFailureCount": 0, "ToleratedFailurePercentage": 0"#, "[13, 1]", false),
        (r#""ToleratedFailureCount": 1, "ToleratedFailurePercentage": 20"#, "[13, 1]", false),
        (r#""ToleratedFailureCountPath": "$.count""#, "[13, 13]", true),
        (r#""ToleratedFailurePercentagePath": "$.percentage""#, "[13, 1, 1]", false),
    ] {
        let definition = machine(&format!(r#""ItemsPath": "$.items", {fields}"#));
        let input = format!(r#"{{"items": {items}, "count": 2, "percentage": 33}}"#);
        let given = run(&definition, &input, false, &mut |_| None);
        assert_eq!(given.outcome.is_ok(), borne, "{fields} over {items}");
        let reader = r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": {"InputType": "JSON"}}"#;
        let definition = machine(&format!("{reader}, {fields}"));
        let read = run(&definition, &input, false, &mut |_| Some(Ok(Value::from(items))));
        assert_eq!(read.outcome.is_ok(), borne, "{fields} over {items} that are read");
        if let Err(failure) = read.outcome {
            let note = failure.hint().unwrap();
            assert!(
                note.starts_with("the child execution 0 (") && note.ends_with(") failed first: Thirteen: Bad luck"),
                "{note}"
            );
        }
    }
}

#[test]
fn batches_keep_their_bounds() {
    let batch = |bounds: &str, items: &str| {
        let fields = format!(r#""ItemsPath": "$.items", "ItemBatcher": {{{bounds}}}"#);
        let input = format!(r#"{{"items": {items}, "most": 2, "bytes": 30}}"#);
        outcome(&machine(&fields), &input, &mut Bucket::of(&[]))
    };
    // AWS developer guide, "ItemBatcher (Map)".
    for (bounds, expected) in [
        (r#""MaxItemsPerBatch": 2"#, r#"[{"Items":[1,2]},{"Items":[3]}]"#),
        (r#""MaxItemsPerBatchPath": "$.most""#, r#"[{"Items":[1,2]},{"Items":[3]}]"#),
        (r#""MaxItemsPerBatch": 9"#, r#"[{"Items":[1,2,3]}]"#),
        (r#""MaxInputBytesPerBatch": 15"#, r#"[{"Items":[1,2]},{"Items":[3]}]"#),
        (r#""MaxInputBytesPerBatch": 1"#, r#"[{"Items":[1]},{"Items":[2]},{"Items":[3]}]"#),
        (
            r#""MaxInputBytesPerBatchPath": "$.bytes", "BatchInput": {"b.$": "$.most"}"#,
            r#"[{"BatchInput":{"b":2},"Items":[1]},{"BatchInput":{"b":2},"Items":[2]},{"BatchInput":{"b":2},"Items":[3]}]"#,
        ),
        (r#""MaxItemsPerBatch": 1, "MaxInputBytesPerBatch": 100"#, r#"[{"Items":[1]},{"Items":[2]},{"Items":[3]}]"#),
    ] {
        assert_eq!(batch(bounds, "[1,2,3]"), expected, "{bounds}");
    }
    assert_eq!(batch(r#""MaxItemsPerBatch": 2"#, "[]"), "[]");
}

#[test]
fn an_object_gives_its_pairs_to_child_executions() {
    // `sfnx` 3.1.0 on PyPI, "measured"; one source only.
    let definition = machine(
        r#""ItemsPath": "$.o", "ItemSelector": {"i.$": "$$.Map.Item.Index", "k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"}"#,
    );
    let input = r#"{"o": {"x": 1, "y": [2]}}"#;
    let expected = r#"[{"s":"STATE_DATA","v":1,"i":0,"k":"x"},{"s":"STATE_DATA","v":[2],"i":1,"k":"y"}]"#;
    assert_eq!(outcome(&definition, input, &mut Bucket::of(&[])), expected);
    let plain = outcome(&machine(r#""ItemsPath": "$.o""#), input, &mut Bucket::of(&[]));
    assert_eq!(plain, r#"[{"Key":"x","Value":1},{"Key":"y","Value":[2]}]"#);
    let batched = machine(r#""ItemsPath": "$.o", "ItemBatcher": {"MaxItemsPerBatch": 1}"#);
    let failure = outcome(&batched, input, &mut Bucket::of(&[]));
    assert!(failure.ends_with("Reference path \"$.o\" must point to array."), "{failure}");
}

#[test]
fn results_that_nobody_can_take_are_not_kept() {
    let items = format!("[{}]", vec!["\"0123456789\""; 30_000].join(","));
    // Child executions share the events of the execution here.
    let quotas = Quotas { history_events: None, ..Quotas::default() };
    let over = |fields: &str| {
        let definition = machine(&format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "Parameters": {{"Bucket": "b", "Key": "k"}},
                "ReaderConfig": {{"InputType": "JSON"}}}}{fields}"#
        ));
        run_within(quotas, &definition, "{}", false, &mut |_| Some(Ok(Value::from(&*items)))).outcome
    };
    let failure = over("").unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("States.DataLimitExceeded"));
    assert_eq!(over(r#", "ResultPath": null"#), Ok(Value::empty_object()));
}

#[test]
fn mocks_answer_in_the_shapes_of_the_service() {
    let read = |resource: &str, config: &str, answer: &str| {
        let fields = format!(
            r#""ItemReader": {{"Resource": "arn:aws:states:::s3:{resource}", "Parameters": {{"Bucket": "b", "Key": "k"}}{config}}}"#
        );
        let answer = value(answer);
        match run(&machine(&fields), "{}", false, &mut |_| Some(Ok(answer.clone()))).outcome {
            Ok(output) => output.to_string(),
            Err(failure) => failure.to_string(),
        }
    };
    let json = r#", "ReaderConfig": {"InputType": "JSON"}"#;
    for answer in [r#""[1,2]""#, "[1,2]", r#"{"Body": "[1,2]", "ETag": "e"}"#, r#"{"Body": [1,2]}"#] {
        assert_eq!(read("getObject", json, answer), "[1,2]", "{answer}");
    }
    let refused = "States.ItemReaderFailed: The object cannot be read as text.";
    assert_eq!(read("getObject", json, r#"{"ETag": "e"}"#), refused);
    // Amazon S3 API reference, ListObjectsV2.
    let page = r#"{"Contents": [{"ETag": "e", "Key": "k", "LastModified": "2026-09-12T03:17:02.500Z", "Size": 1, "StorageClass": "GLACIER"}], "IsTruncated": false}"#;
    let item = r#"[{"Etag":"e","Key":"k","LastModified":1.7891830225E9,"Size":1,"StorageClass":"GLACIER"}]"#;
    assert_eq!(read("listObjectsV2", "", page), item);
    assert_eq!(read("listObjectsV2", "", r#"{"KeyCount": 0}"#), "[]");
    assert_eq!(read("listObjectsV2", "", "[7]"), "[7]");
    // What TestState takes as the mocked result of a Map state with a ResultWriter.
    let definition = machine(&format!(r#""ItemsPath": "$.items", "ResultWriter": {{{DESTINATION}}}"#));
    let mock = value(r#"{"MapRunArn":"arn","ResultWriterDetails":{"Bucket":"x","Key":"y"}}"#);
    let ended = run(&definition, r#"{"items": [1], "to": ""}"#, false, &mut |_| Some(Ok(mock.clone())));
    assert_eq!(ended.outcome, Ok(mock.clone()));
}
