//! What a build without the default features says of routes that need them:
//! `cargo test -p asl-tasks --no-default-features --test left_out`.

#![cfg(not(any(feature = "embedded", feature = "functions", feature = "wasm")))]

use std::path::Path;

use asl_tasks::{Router, Routes};

#[test]
fn handlers_that_are_left_out_are_refused_by_the_name_of_their_feature() {
    for (text, expected) in [
        (
            "[[routes]]\nresource = 'f'\nhandler = 'function'\nruntime = 'python3'",
            "r:3:11: the handler \"function\" is not in this build of asl, which was made without the feature \"functions\"",
        ),
        (
            "[[routes]]\nresource = 'f'\nhandler = 'wasm'",
            "r:3:11: the handler \"wasm\" is not in this build of asl, which was made without the feature \"wasm\"",
        ),
        (
            "[tables.abc]\nkey = 'k'",
            "r:1:1: what the embedded services are told here is not in this build of asl, which was made without the feature \"embedded\"",
        ),
        (
            "buckets = ['images']",
            "r:1:1: the embedded s3, in which the buckets of this file are, is not in this build of asl, which was made without the feature \"embedded\"; say in [services] where s3 is",
        ),
        (
            "[[routes]]\nresource = 'f'\nhandler = 'unheard'",
            "r:3:11: unknown handler \"unheard\"; allowed: batch, download, consolidate, http",
        ),
    ] {
        assert_eq!(Routes::parse(text, Path::new("r")).unwrap_err().to_string(), expected, "{text}");
    }
    let elsewhere = "buckets = ['images']\n[services]\ns3 = 'aws'";
    assert!(Routes::parse(elsewhere, Path::new("r")).is_ok());
}

#[test]
fn services_that_would_be_embedded_have_no_handler() {
    let router = Router::new(Routes::default(), "unused");
    for resource in ["s3:getObject", "sns:publish", "aws-sdk:dynamodb:query", "events:putEvents"] {
        let refused = router.handler(&format!("arn:aws:states:::{resource}")).err().unwrap().to_string();
        assert!(
            refused.contains("is not in this build of asl, which was made without the feature \"embedded\""),
            "{refused}"
        );
    }
    let routes = Routes::parse("[services]\nsns = 'aws'", Path::new("r")).unwrap();
    assert!(Router::new(routes, "unused").handler("arn:aws:states:::sns:publish").is_ok());
}
