//! The endpoint on loopback against requests that are wrong, strange or not of this machine.

mod support;

use support::Fixture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes to the endpoint: the status and the rest of the answer, or nothing where it hangs up.
async fn send(url: &str, bytes: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    // The other side may have heard enough before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().unwrap();
    Some((status, answer))
}

/// A request with the headers that every one has.
fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|header| header.starts_with("host:")) {
        text += "host: localhost\r\n";
    }
    for header in headers {
        text += &format!("{header}\r\n");
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

#[tokio::test]
async fn a_web_page_neither_reads_nor_publishes() {
    let fixture = Fixture::new("buckets = ['images']");
    let url = fixture.router.endpoint_url().await.unwrap();
    let own = format!("host: {}", url.trim_start_matches("http://"));
    let put = async |headers: &[&str]| send(&url, &request("PUT", "/images/a", headers, b"x")).await.unwrap().0;
    assert_eq!(put(&[&own]).await, 200);
    assert_eq!(put(&[&own, &format!("origin: {url}")]).await, 200);
    for (headers, expected) in [
        (&["host: evil.example"][..], 403),
        (&["host: evil.example:80", "origin: http://evil.example"], 403),
        (&[&own, "origin: https://evil.example"], 403),
        (&[&own, "origin: null"], 403),
        (&[&own, "sec-fetch-site: cross-site"], 403),
        (&["host: a, b"], 400),
        (&[&own, &own], 400),
    ] {
        assert_eq!(put(headers).await, expected, "{headers:?}");
        for (method, path, content_type) in [
            ("GET", "/images/a", "x-a: b"),
            ("OPTIONS", "/images/a", "access-control-request-method: PUT"),
            ("POST", "/", "content-type: application/x-www-form-urlencoded"),
            ("POST", "/", "x-amz-target: AWSStepFunctions.SendTaskSuccess"),
        ] {
            let headers = [headers, &[content_type]].concat();
            let body = b"Action=Publish&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Message=m";
            let (status, answer) = send(&url, &request(method, path, &headers, body)).await.unwrap();
            assert_eq!(status, expected, "{method} {path} {headers:?}");
            assert!(!answer.to_lowercase().contains("access-control"), "{answer}");
        }
    }
    assert!(!fixture.path("sns").exists());
}

#[tokio::test]
async fn a_bucket_before_the_host_is_that_bucket() {
    let fixture = Fixture::new("buckets = ['images']");
    let url = fixture.router.endpoint_url().await.unwrap();
    for (method, host, path, expected) in [
        ("PUT", "images.localhost", "/a", 200),
        ("GET", "images.localhost", "/a", 200),
        ("PUT", "images.localhost", "/", 200),
        ("DELETE", "no_bucket.localhost", "/a", 400),
        ("PUT", "images%2fa.localhost", "/", 400),
        // The path with a slash in the name of the bucket.
        ("PUT", "localhost", "/images%2Fa", 400),
        ("DELETE", "localhost", "/images%2Fa", 400),
        ("PUT", "localhost", "//images/a", 400),
        ("DELETE", "localhost", "/%2E%2E/images/a", 400),
        ("GET", "localhost", "/images/a", 200),
    ] {
        let (status, answer) = send(&url, &request(method, path, &[&format!("host: {host}")], b"")).await.unwrap();
        assert_eq!(status, expected, "{method} {host} {path}: {answer}");
    }
    assert_eq!(fixture.stored(), ["images/a"]);
}

#[tokio::test]
async fn wrong_checksums_are_refused() {
    let fixture = Fixture::new("buckets = ['images']");
    let url = fixture.router.endpoint_url().await.unwrap();
    for (header, expected) in [
        ("content-md5: XUFAKrxLKna5cZ2REBfFkg==", (200, "")),
        ("content-md5: 1B2M2Y8AsgTpgAmY7PhCfg==", (400, "<Code>BadDigest</Code>")),
        ("content-md5: x", (400, "<Code>InvalidDigest</Code>")),
        ("x-amz-checksum-crc32: NhCmhg==", (200, "")),
        ("x-amz-checksum-crc32: NhCmhw==", (400, "<Code>BadDigest</Code>")),
        ("x-amz-checksum-sha256: x", (400, "<Code>InvalidRequest</Code>")),
    ] {
        let (status, answer) = send(&url, &request("PUT", "/images/a", &[header], b"hello")).await.unwrap();
        assert_eq!(status, expected.0, "{header}: {answer}");
        assert!(answer.contains(expected.1), "{header}: {answer}");
    }
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        &from[(self.0 >> 33) as usize % from.len()]
    }
}

#[tokio::test]
async fn odd_requests_are_no_fault_of_the_services() {
    let fixture = Fixture::new("buckets = ['images']\n[tables.rows]\nkey = 'id'");
    let url = fixture.router.endpoint_url().await.unwrap();
    let methods = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "BREW"];
    let paths = [
        "/",
        "//",
        "/images",
        "/images/",
        "/images/a",
        "/images//",
        "/images/a/../b",
        "/images/%2e%2e/b",
        "/%ff",
        "/images/%ff",
        "/images/%00",
        "/images/%",
        "/images?uploads",
        "/images/a?uploadId=x&partNumber=0",
        "/images?list-type=2&max-keys=x",
        "/images?list-type=2&max-keys=-1&continuation-token=%00",
        "/images?delete",
        "/images?acl",
        "/images?versioning",
        "/images/a?versionId=1",
        "/images/a?X-Amz-Signature=1&X-Amz-Credential=a%2Fb%2Fc%2Fs3%2Fd",
        "/im",
        "/Images/a",
        "*",
        "/images/a?tagging",
        "/images?location",
        "/2015-03-31/functions/f/invocations",
        "/images/a?partNumber=99999999999",
    ];
    let headers = [
        "x-a: b",
        "range: bytes=5-2",
        "range: bytes=-0",
        "range: x",
        "content-md5: x",
        "if-match: \"a\"",
        "if-none-match: *",
        "if-modified-since: never",
        "x-amz-copy-source: /images/%2e%2e",
        "x-amz-content-sha256: STREAMING-x",
        "x-amz-decoded-content-length: -1",
        "x-amz-decoded-content-length: 99999999999999999999",
        "content-type: multipart/form-data",
        "content-type: multipart/form-data; boundary=a",
        "content-type: application/x-www-form-urlencoded",
        "content-encoding: gzip",
        "authorization: AWS4-HMAC-SHA256 Credential=",
        "authorization: AWS4-HMAC-SHA256 Credential=a/b/c/dynamodb/aws4_request",
        "authorization: Basic x",
        "x-amz-date: yesterday",
        "x-amz-meta-a: \u{e9}",
        "x-amz-checksum-crc32: x",
        "x-amz-acl: x",
        "x-amz-target: DynamoDB_20120810.PutItem",
        "x-amz-target: DynamoDB_20120810.Query",
        "x-amz-target: DynamoDB_20120810.Scan",
        "x-amz-target: DynamoDB_20120810.CreateTable",
        "x-amz-target: DynamoDB_20120810.UpdateItem",
        "x-amz-target: DynamoDB_20120810.X",
        "x-amz-target: DynamoDB_20120810.GetItem",
        "x-amz-target: DynamoDB_20120810.DeleteItem",
        "x-amz-target: AmazonSQS.SendMessage",
        "x-amz-target: DynamoDB_20120810.ListTables",
        "x-amz-target: DynamoDB_20120810.DescribeTable",
        "x-amz-target: AmazonSQS.X",
        "x-amz-target: AmazonSQS.ReceiveMessage",
        "x-amz-target: AmazonSQS.CreateQueue",
        "x-amz-target: AmazonSQS.SendMessageBatch",
        "x-amz-target: AmazonSQS.SetQueueAttributes",
        "x-amz-target: AmazonSQS.ChangeMessageVisibility",
        "x-amz-target: AWSEvents.PutEvents",
        "x-amz-target: AWSStepFunctions.SendTaskSuccess",
        "x-amz-target: AWSStepFunctions.GetActivityTask",
        "x-amz-target: .",
        "x-amz-target: Other.X",
    ];
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 26] = [
        b"", b"x", b"{", b"[]", b"{}", b"null", b"1", b"\"a\"", b"\xff\xfe", deep.as_bytes(), b"{\"a\":1e999}", b"<a/>", b"<Delete>",
        br#"{"TableName":"rows","Item":{"id":{"S":"1"},"n":{"N":"1e999"}}}"#,
        br#"{"TableName":"rows","Key":{"id":{"X":1}},"UpdateExpression":"SET #a = :b"}"#,
        br#"{"TableName":"rows","KeyConditionExpression":"((((id = :a","ExpressionAttributeValues":{":a":{"S":"\u0000"}}}"#,
        br#"{"TableName":"r s","FilterExpression":"attribute_exists(","Limit":-1,"Segment":5,"TotalSegments":1}"#,
        br#"{"TableName":1,"Item":[],"Key":null}"#,
        br#"{"TableName":"other","KeySchema":[],"AttributeDefinitions":[{"AttributeName":"","AttributeType":"Z"}]}"#,
        br#"{"QueueUrl":"q","MessageBody":"m","DelaySeconds":-1,"MaxNumberOfMessages":99999999999,"Attributes":[]}"#,
        br#"{"QueueUrl":"q","ReceiptHandle":"-1-x","VisibilityTimeout":1.5,"Entries":[1,{},null],"QueueName":"\u0000"}"#,
        br#"{"QueueUrl":"q","MessageBody":"\u0000","MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"?"}}}"#,
        br#"{"QueueUrl":"q","Entries":[{"Id":"1","MessageBody":"m","ReceiptHandle":"9223372036854775807-x"}]}"#,
        br#"{"Entries":[{"Source":"s","DetailType":"t","Detail":"{}","Time":1e308}],"activityArn":"arn:aws:states:::activity:","taskToken":"t"}"#,
        b"Action=Publish&TopicArn=arn:aws:sns:us-east-1:1:t&Message=%ff&MessageAttributes.entry.1.Name=a",
        b"Action=Publish&TopicArn=::::::&Message=m&MessageStructure=json&Subject=%00",
    ];
    let mut numbers = Numbers(1);
    for _ in 0..400 {
        let (method, path) = (numbers.pick(&methods), numbers.pick(&paths));
        let chosen = [*numbers.pick(&headers), *numbers.pick(&headers)];
        let body = numbers.pick(&bodies);
        let asked = request(method, path, &chosen, body);
        let (status, answer) =
            send(&url, &asked).await.unwrap_or_else(|| panic!("no answer to {method} {path} {chosen:?}"));
        let body = String::from_utf8_lossy(&body[..body.len().min(200)]);
        assert!(status < 500, "{method} {path} {chosen:?}\n{body}\n{answer}");
    }
    // What is no request of HTTP, and what is too large.
    let long = "x".repeat(100_000);
    let many = "a: b\r\n".repeat(500);
    for (text, expected) in [
        ("\r\n\r\n\u{1}\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost\r\n\r\n", 400),
        ("PUT /images/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n", 400),
        ("PUT /images/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n", 400),
        // One of the requests has deleted the bucket.
        ("PUT /images/a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", 404),
        (&format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\n\r\n"), 414),
        (&format!("GET / HTTP/1.1\r\nconnection: close\r\nhost: localhost\r\na: {long}\r\n\r\n"), 200),
        (&format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), 431),
    ] {
        let status = send(&url, text.as_bytes()).await.map(|(status, _)| status);
        assert_eq!(status, Some(expected), "{text:.80}");
    }
    // One of the requests may have deleted the bucket.
    let get = request("GET", "/", &[], b"");
    assert_eq!(send(&url, &get).await.unwrap().0, 200, "it still answers");
}
