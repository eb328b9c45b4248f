//! Functions of a Lambda elsewhere, played by a server.

mod support;

use asl_engine::Value;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use support::{Fixture, serve};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:1:function:echo";

/// Functions by their names: `echo` answers its input, `fails` an error, and others do not exist.
async fn lambda(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap, Bytes) {
    assert_eq!(method, "POST");
    assert!(headers["authorization"].to_str().unwrap().contains("/us-east-1/lambda/aws4_request"));
    let name = uri.path().strip_prefix("/2015-03-31/functions/").unwrap().strip_suffix("/invocations").unwrap();
    let name = name.rsplit("%3A").next().unwrap();
    let mut answered = HeaderMap::new();
    answered.insert("x-amzn-requestid", "r".parse().unwrap());
    match name {
        "echo" if headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event") => {
            (StatusCode::ACCEPTED, answered, Bytes::new())
        }
        "echo" => {
            answered.insert("x-amz-executed-version", "$LATEST".parse().unwrap());
            (StatusCode::OK, answered, body)
        }
        "babbles" => (StatusCode::OK, answered, "NaN".into()),
        "fails" => {
            answered.insert("x-amz-function-error", "Unhandled".parse().unwrap());
            (StatusCode::OK, answered, r#"{"errorMessage": "no", "errorType": "Oops"}"#.into())
        }
        _ => {
            answered.insert("x-amzn-errortype", "ResourceNotFoundException".parse().unwrap());
            (StatusCode::NOT_FOUND, answered, r#"{"Type":"User","Message":"Function not found"}"#.into())
        }
    }
}

async fn fixture() -> Fixture {
    let url = serve(axum::Router::new().fallback(lambda)).await;
    Fixture::new(&format!("[services]\nlambda = {{ endpoint_url = '{url}' }}"))
}

#[tokio::test]
async fn a_function_is_called_by_its_arn() {
    let fixture = fixture().await;
    assert_eq!(fixture.call(FUNCTION, r#"{"a":[1,"é"]}"#).await, Ok(r#"{"a":[1,"é"]}"#.parse().unwrap()));
    let failing = FUNCTION.replace("echo", "fails");
    assert_eq!(
        fixture.call(&failing, "{}").await.unwrap_err().to_string(),
        r#"Oops: {"errorMessage": "no", "errorType": "Oops"}"#
    );
}

#[tokio::test]
async fn what_is_no_json_is_told() {
    let failure = fixture().await.call(&FUNCTION.replace("echo", "babbles"), "{}").await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "Lambda.Unknown: The cause could not be determined because Lambda did not return an error type. Returned payload: NaN"
    );
}

#[tokio::test]
async fn a_route_comes_first() {
    let url = serve(axum::Router::new().fallback(lambda)).await;
    let route = "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:echo'\nhandler = 'consolidate'";
    let fixture = Fixture::new(&format!("[services]\nlambda = {{ endpoint_url = '{url}' }}\n{route}"));
    assert_eq!(fixture.call(FUNCTION, "[200]").await, Ok(Value::from(true)));
}

#[tokio::test]
async fn what_reaches_aws_says_so() {
    let none: [&str; 0] = [];
    let download = format!(
        "services = {{ lambda = 'aws', s3 = 'aws' }}\n[[routes]]\nresource = '{FUNCTION}'\nhandler = 'download'"
    );
    for (routes, resource, called, expected) in [
        ("services = { lambda = 'aws' }", INVOKE, INVOKE, &["Lambda"][..]),
        ("services = { lambda = { endpoint_url = 'http://127.0.0.1:1' } }", INVOKE, INVOKE, &none),
        // The function that is called says so, where it is known; else each that may be.
        (&download, FUNCTION, FUNCTION, &["S3"]),
        (&download, INVOKE, FUNCTION, &["S3"]),
        (&download, INVOKE, "other", &["Lambda"]),
        (&download, INVOKE, INVOKE, &["S3", "Lambda"]),
        // What an ItemReader and a ResultWriter ask for.
        ("services = { s3 = 'aws' }", "arn:aws:states:::s3:getObject", "", &["S3"]),
        ("services = { s3 = 'aws' }", "arn:aws:states:::s3:listObjectsV2", "", &["S3"]),
        ("services = { s3 = 'aws' }", "arn:aws:states:::s3:putObject", "", &["S3"]),
        ("", "arn:aws:states:::s3:putObject", "", &none),
        ("services = { sqs = 'aws' }", "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "", &["Sqs"]),
    ] {
        let fixture = Fixture::new(routes);
        let handler = fixture.router.handler(resource).unwrap();
        assert_eq!(handler.reaches_aws(called).await, expected, "{resource} of {called} with {routes}");
    }
}

#[tokio::test]
async fn the_envelope_is_that_of_lambdas_api() {
    let fixture = fixture().await;
    for payload in [r#"{"a":1}"#, r#""{\"a\":1}""#] {
        let output = fixture.call(INVOKE, &format!(r#"{{"FunctionName":"echo","Payload":{payload}}}"#)).await.unwrap();
        assert_eq!(output["Payload"], r#"{"a":1}"#.parse::<Value>().unwrap());
        assert_eq!((output["StatusCode"].as_i64(), output["ExecutedVersion"].as_str()), (Some(200), Some("$LATEST")));
        assert_eq!(output["SdkResponseMetadata"]["RequestId"].as_str(), Some("r"));
    }
    let output =
        fixture.call(INVOKE, r#"{"FunctionName":"echo","InvocationType":"Event","Payload":{}}"#).await.unwrap();
    assert_eq!((output["StatusCode"].as_i64(), &output["Payload"]), (Some(202), &Value::from("")));
    let failure = fixture.call(INVOKE, r#"{"FunctionName":"fails"}"#).await.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("Oops"));
    let failure = fixture.call(INVOKE, r#"{"FunctionName":"none"}"#).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "Lambda.ResourceNotFoundException: Function not found (Service: AWSLambda; Status Code: 404; \
         Error Code: ResourceNotFoundException; Request ID: r; Proxy: null)"
    );
}

#[test]
fn a_function_without_a_lambda_needs_a_route() {
    let fixture = Fixture::new("");
    let told = fixture.router.handler(FUNCTION).err().unwrap().to_string();
    assert!(told.contains("Add these lines to routes.toml"), "{told}");
}
