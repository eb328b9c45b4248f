//! Functions that have no route here, at a server that speaks Lambda's API.

mod support;

use asl_engine::{Failure, Value};
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use support::functions::without_ids;
use support::{World, serve};

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// Gives back what it is told, or fails as `FunctionName` says.
async fn lambda(Path(function): Path<String>, request: Request) -> Response {
    let event = request.headers().get("x-amz-invocation-type").is_some_and(|kind| kind == "Event");
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let version = [("x-amz-executed-version", "$LATEST"), ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000")];
    let error = r#"{"errorMessage":"no luck","errorType":"Unlucky"}"#;
    match function.rsplit(':').next().unwrap() {
        "echo" if event => (axum::http::StatusCode::ACCEPTED, "").into_response(),
        "echo" => (version, body).into_response(),
        "fails" => ([("x-amz-function-error", "Unhandled")], error).into_response(),
        "babbles" => (version, "NaN").into_response(),
        _ => {
            let refusal = (axum::http::StatusCode::NOT_FOUND, [("x-amzn-errortype", "ResourceNotFoundException")]);
            (refusal.0, refusal.1, format!(r#"{{"Type":"User","Message":"Function not found: {function}"}}"#))
                .into_response()
        }
    }
}

#[tokio::test]
async fn functions_without_a_route_are_called_where_lambda_is() {
    let path = "/2015-03-31/functions/{function}/invocations";
    let endpoint = serve(axum::Router::new().route(path, axum::routing::post(lambda))).await;
    // Whoever runs the tests has no credentials for it.
    let world = World::new(&format!(
        "services = {{ lambda = {{ endpoint_url = \"{endpoint}\" }} }}\n\
         [[routes]]\nresource = 'arn:aws:lambda:*:*:function:here'\nhandler = 'consolidate'"
    ));
    let seen = |failure: Failure| {
        let [error, cause] = [failure.error, failure.cause].map(|text| text.map(|text| without_ids(&text)));
        (error.unwrap_or_default(), cause.unwrap_or_default())
    };
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
    assert_eq!(world.call(&arn("echo"), r#"{"a":1}"#).await.map_err(seen), Ok(Value::from([("a", Value::from(1))])));
    assert_eq!(world.call(&arn("here"), "[200]").await.map_err(seen), Ok(Value::from(true)));
    let answer = world.call(INVOKE, r#"{"FunctionName":"echo","Payload":{"a":1},"Qualifier":null}"#).await.unwrap();
    assert_eq!(answer["Payload"].to_string(), r#"{"a":1}"#);
    assert_eq!((answer["ExecutedVersion"].as_str(), answer["StatusCode"].as_i64()), (Some("$LATEST"), Some(200)));
    assert_eq!(answer["SdkHttpMetadata"]["HttpStatusCode"].as_i64(), Some(200));
    let event = world.call(INVOKE, r#"{"FunctionName":"echo","InvocationType":"Event"}"#).await.unwrap();
    assert_eq!((event["Payload"].as_str(), event["StatusCode"].as_i64()), (Some(""), Some(202)));

    let unlucky = ("Unlucky".to_owned(), r#"{"errorMessage":"no luck","errorType":"Unlucky"}"#.to_owned());
    assert_eq!(world.call(&arn("fails"), "{}").await.map_err(seen), Err(unlucky.clone()));
    assert_eq!(world.call(INVOKE, r#"{"FunctionName":"fails"}"#).await.map_err(seen), Err(unlucky));
    let unknown =
        "The cause could not be determined because Lambda did not return an error type. Returned payload: NaN";
    let unknown = ("Lambda.Unknown".to_owned(), unknown.to_owned());
    assert_eq!(world.call(&arn("babbles"), "{}").await.map_err(seen), Err(unknown));
    let (error, cause) = world.call(INVOKE, r#"{"FunctionName":"none"}"#).await.map_err(seen).unwrap_err();
    assert_eq!(error, "Lambda.ResourceNotFoundException");
    assert!(cause.starts_with("Function not found: none (Service: AWSLambda; Status Code: 404;"), "{cause}");

    let handler = |world: &World| world.router.handler(INVOKE).unwrap().reaches_aws();
    assert_eq!(handler(&world), None);
    assert_eq!(handler(&World::new("services = { lambda = 'aws' }")).as_deref(), Some("Lambda"));
    assert!(World::new("").router.handler(&arn("echo")).is_err());
}
