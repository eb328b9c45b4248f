//! The names of members in `aws-sdk:` integrations: those of the AWS SDK for Java 2, with a capital first letter.

use std::borrow::Cow;

/// What a member of this name is called where its name would be a word of Java or a method of every object.
///
/// AWS SDK for Java 2, `DefaultNamingStrategy`. The developer guide of Step Functions has `EqualsValue`.
const RESERVED: [&str; 65] = [
    "abstract",
    "assert",
    "boolean",
    "break",
    "builder",
    "byte",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "equals",
    "extends",
    "false",
    "final",
    "finalize",
    "finally",
    "float",
    "for",
    "getClass",
    "goto",
    "hashCode",
    "if",
    "implements",
    "import",
    "instanceof",
    "int",
    "interface",
    "long",
    "native",
    "new",
    "notify",
    "notifyAll",
    "null",
    "overrideConfiguration",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "sdkFields",
    "sdkHttpResponse",
    "short",
    "static",
    "strictfp",
    "super",
    "switch",
    "synchronized",
    "this",
    "throw",
    "throws",
    "toBuilder",
    "toString",
    "transient",
    "true",
    "try",
    "void",
    "volatile",
    "while",
];

/// Names that the SDK gives otherwise: the service, the name in its model, and the name in the SDK.
///
/// AWS SDK for Java 2, `customization.config` of the services.
const OTHERWISE: [(&str, &str, &str); 2] = [("dynamodb", "NULL", "Nul"), ("dynamodbstreams", "NULL", "Nul")];

/// What `arn:aws:states:::aws-sdk:SERVICE:…` calls a member, in parameters and results alike: of the capitals that the name in the
/// model starts with, all but the first are small, and so is not the last where a small letter follows. Optimized integrations
/// leave the name as it is but for its first letter.
///
/// ```
/// use asl_engine::sdk_member_name;
///
/// assert_eq!(sdk_member_name("rds", "DBInstanceIdentifier"), "DbInstanceIdentifier");
/// assert_eq!(sdk_member_name("rds", "MultiAZ"), "MultiAZ");
/// assert_eq!(sdk_member_name("dynamodb", "NULL"), "Nul");
/// ```
pub fn sdk_member_name<'a>(service: &str, name: &'a str) -> Cow<'a, str> {
    if let Some((.., otherwise)) = OTHERWISE.iter().find(|known| (known.0, known.1) == (service, name)) {
        return Cow::Borrowed(otherwise);
    }
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let small_follows = name.as_bytes().get(capitals).is_some_and(u8::is_ascii_lowercase);
    // Where the last capital starts a word, it stays.
    let lowered = if small_follows { capitals.saturating_sub(1).max(1) } else { capitals.max(1) };
    let Some((start, rest)) = name.split_at_checked(lowered) else { return Cow::Borrowed(name) };
    let small = start.to_ascii_lowercase();
    let whole = || format!("{small}{rest}");
    let is_reserved = RESERVED.iter().any(|word| *word == whole() || *word == name.to_ascii_lowercase());
    let (first, others) = small.split_at_checked(1).unwrap_or_default();
    let given = format!("{}{others}{rest}{}", first.to_ascii_uppercase(), if is_reserved { "Value" } else { "" });
    if given == name { Cow::Borrowed(name) } else { Cow::Owned(given) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_sdk_for_java() {
        for (service, name, expected) in [
            // Measured by the authors of `sfnx` 3.1.0 (PyPI).
            ("rds", "DBInstanceIdentifier", "DbInstanceIdentifier"),
            ("rds", "DBInstances", "DbInstances"),
            ("rds", "MultiAZ", "MultiAZ"),
            ("s3", "ACL", "Acl"),
            ("s3", "ETag", "ETag"),
            ("dynamodb", "BOOL", "Bool"),
            ("dynamodb", "SS", "Ss"),
            // AWS SDK for Java 2.
            ("dynamodb", "NULL", "Nul"),
            ("dynamodb", "S", "S"),
            ("s3", "SSEKMSKeyId", "SsekmsKeyId"),
            ("ecs", "awsvpcConfiguration", "AwsvpcConfiguration"),
            ("s3control", "S3Bucket", "S3Bucket"),
            ("codedeploy", "ec2TagSet", "Ec2TagSet"),
            ("bedrock", "equals", "EqualsValue"),
            ("guardduty", "Equals", "EqualsValue"),
            ("mediaconnect", "Default", "DefaultValue"),
            ("deadline", "int", "IntValue"),
            ("snowball", "NotifyAll", "NotifyAllValue"),
            ("any", "", ""),
            ("any", "ÄB", "ÄB"),
        ] {
            assert_eq!(sdk_member_name(service, name), expected, "{service} {name}");
        }
    }
}
