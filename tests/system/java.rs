//! A function in Java. The runtime interface client that AWS publishes comes from Maven Central; here stands a class of its name that
//! asks the Runtime API in the same way.

use std::process::Command;

use serde_json::json;

use crate::support::folder::Folder;
use crate::support::not_run;

const CLIENT: &str = r#"package com.amazonaws.services.lambda.runtime.api.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class AWSLambda {
    public static void main(String[] arguments) throws Exception {
        String[] entry = arguments[0].split("::");
        Object handler = Class.forName(entry[0]).getDeclaredConstructor().newInstance();
        String api = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/";
        HttpClient client = HttpClient.newHttpClient();
        while (true) {
            var next = client.send(HttpRequest.newBuilder(URI.create(api + "next")).build(), BodyHandlers.ofString());
            String id = next.headers().firstValue("Lambda-Runtime-Aws-Request-Id").get();
            String end = "/response";
            String body;
            try {
                body = (String) handler.getClass().getMethod(entry[1], String.class).invoke(handler, next.body());
            } catch (java.lang.reflect.InvocationTargetException error) {
                end = "/error";
                String name = error.getCause().getClass().getName();
                body = "{\"errorMessage\":\"" + error.getCause().getMessage() + "\",\"errorType\":\"" + name + "\"}";
            }
            var answer = HttpRequest.newBuilder(URI.create(api + id + end)).POST(HttpRequest.BodyPublishers.ofString(body));
            client.send(answer.build(), BodyHandlers.discarding());
        }
    }
}
"#;

const HANDLER: &str = r#"package example;

public class Handler {
    public String handleRequest(String event) {
        if (event.contains("nothing")) throw new IllegalStateException("there is nothing");
        return "{\"heard\":" + event + ",\"by\":\"" + System.getenv("AWS_LAMBDA_FUNCTION_NAME") + "\"}";
    }
}
"#;

/// Compiles a class into a folder.
fn compile(folder: &Folder, name: &str, source: &str, into: &str) {
    folder.write(name, source);
    let compiled = Command::new("javac").arg("-d").arg(folder.path(into)).arg(folder.path(name)).output();
    let compiled = compiled.expect("it was there before");
    assert!(compiled.status.success(), "{compiled:?}");
}

#[test]
fn a_function_in_java_is_run_by_the_client_on_its_class_path() {
    let there = Command::new("javac").arg("-version").output();
    if !there.is_ok_and(|there| there.status.success()) {
        return not_run("there is no javac; on Debian: apt-get install default-jdk-headless");
    }
    let folder = Folder::new();
    let call = json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:greet", "End": true});
    folder.write("d.json", json!({"StartAt": "Call", "States": {"Call": call}}).to_string());
    let route = "[[routes]]\nresource = '*:greet'\nhandler = 'function'\nruntime = 'java17'\nentry = 'example.Handler::handleRequest'\n\
                 memory_mb = 512\ntimeout_seconds = 60\n";
    folder.write("routes.toml", format!("{route}code = 'classes'\n"));
    compile(&folder, "Handler.java", HANDLER, "classes");
    // Nothing is run without the client.
    let mut command = folder.command(&["run", "d.json", "--input", "1"]);
    let without = command.env("HOME", folder.path("home")).output().expect("asl starts");
    let told = String::from_utf8_lossy(&without.stderr).into_owned();
    assert!(
        told.contains("no aws-lambda-java-runtime-interface-client") && told.contains("mvn dependency:get"),
        "{told}"
    );

    compile(&folder, "AWSLambda.java", CLIENT, "client");
    let jar = |name: &str, from: &str| {
        let path = folder.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let made = Command::new("jar").arg("cf").arg(path).arg("-C").arg(folder.path(from)).arg(".").output();
        assert!(made.expect("it comes with javac").status.success());
    };
    jar("classes/lib/client.jar", "client");
    let run = |input: &str| folder.asl(&["run", "d.json", "--input", input]);
    let ended = run(r#"{"a":1}"#);
    assert_eq!(ended.stdout, "{\"heard\":{\"a\":1},\"by\":\"greet\"}\n", "{ended:?}");
    let failed = run("\"nothing\"");
    assert!(failed.stderr.contains("java.lang.IllegalStateException"), "{failed:?}");

    // One archive with everything, as builds make them.
    compile(&folder, "Handler.java", HANDLER, "client");
    jar("target/function.jar", "client");
    folder.write("routes.toml", format!("{route}code = 'target/function.jar'\n"));
    assert_eq!(run("2").stdout, "{\"heard\":2,\"by\":\"greet\"}\n");
    folder.write("routes.toml", route.replace("java17", "java99") + "code = 'target/function.jar'\n");
    let other = run("3");
    assert!(other.stderr.contains("java99 is not on this machine: Java "), "{other:?}");
}
