//! How calls of services outside of this process are sent, to a server that plays one.

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use asl_engine::Value;
use axum::http::{HeaderMap, StatusCode};
use support::{Fixture, serve};

const LIST: &str = "arn:aws:states:::aws-sdk:sqs:listQueues";

fn date_of_http(at: SystemTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from(at).format(format).unwrap()
}

fn date_of_signature(at: SystemTime) -> String {
    let format = time::macros::format_description!("[year][month][day]T[hour]");
    time::OffsetDateTime::from(at).format(format).unwrap()
}

/// A service whose clock is a day ahead of ours, and which takes only requests of its own day. Answers what it was sent, too.
async fn ahead() -> (Fixture, Arc<Mutex<Vec<String>>>) {
    let dates = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&dates);
    let answer = move |headers: HeaderMap| async move {
        let now = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
        let sent = headers["x-amz-date"].to_str().unwrap().to_owned();
        let in_time = sent.starts_with(&date_of_signature(now));
        seen.lock().unwrap().push(sent);
        let date = [("date", date_of_http(now))];
        if in_time {
            (StatusCode::OK, date, r#"{"QueueUrls":[]}"#)
        } else {
            (StatusCode::BAD_REQUEST, date, r#"{"__type":"InvalidSignatureException","message":"not now"}"#)
        }
    };
    let url = serve(axum::Router::new().fallback(answer)).await;
    (Fixture::new(&format!("[services]\nsqs = {{ endpoint_url = '{url}' }}")), dates)
}

#[tokio::test]
async fn the_clock_of_a_service_counts() {
    let (fixture, dates) = ahead().await;
    let none: Value = r#"{"QueueUrls":[]}"#.parse().unwrap();
    assert_eq!(fixture.call(LIST, "{}").await, Ok(none.clone()));
    assert_eq!(dates.lock().unwrap().len(), 2, "refused, and signed anew");
    assert_eq!(fixture.call(LIST, "{}").await, Ok(none));
    assert_eq!(dates.lock().unwrap().len(), 3, "its time is known");
}

#[tokio::test]
async fn what_is_refused_for_good_is_sent_once() {
    let asked = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&asked);
    let answer = move || async move {
        *seen.lock().unwrap() += 1;
        (StatusCode::BAD_REQUEST, r#"{"__type":"com.amazonaws.sqs#InvalidSecurity","message":"no"}"#)
    };
    let url = serve(axum::Router::new().fallback(answer)).await;
    let fixture = Fixture::new(&format!("[services]\nsqs = {{ endpoint_url = '{url}' }}"));
    let failure = fixture.call(LIST, "{}").await.unwrap_err();
    assert_eq!(failure.error.as_deref(), Some("Sqs.InvalidSecurityException"));
    assert!(failure.cause.unwrap().ends_with("(SDK Attempt Count: 1)"));
    assert_eq!(*asked.lock().unwrap(), 1);
}
