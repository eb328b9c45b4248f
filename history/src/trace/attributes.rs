//! Attributes of spans, named as the semantic conventions of OpenTelemetry name them.

use asl_engine::Value;

/// An attribute that is a text.
pub(super) fn text(key: &str, text: &str) -> Value {
    Value::from([("key", Value::from(key)), ("value", [("stringValue", Value::from(text))].into())])
}

/// An attribute that is a number.
pub(super) fn whole(key: &str, number: usize) -> Value {
    Value::from([("key", Value::from(key)), ("value", [("intValue", Value::from(number.to_string()))].into())])
}

/// The name of a span for what a task has called, and the attributes of that: "AWS SDK spans", and "Outgoing Invocations" of FaaS.
pub(super) fn called(sent: &Value, attributes: &mut Vec<Value>) -> String {
    let member = |name: &str| sent.get(name).and_then(Value::as_str);
    let resource = member("resource").unwrap_or_default();
    attributes.push(text("asl.task.resource", resource));
    if resource.contains(":activity:") {
        attributes.push(text("aws.step_functions.activity.arn", resource));
        return resource.rsplit(':').next().unwrap_or_default().to_owned();
    }
    let Some(service) = member("resourceType") else {
        return function(resource, attributes);
    };
    let method = resource.split('.').next().unwrap_or_default();
    attributes.extend([text("rpc.system", "aws-api"), text("rpc.service", service), text("rpc.method", method)]);
    if let Some(region) = member("region") {
        attributes.push(text("cloud.region", region));
    }
    let function_name = sent.get("parameters").and_then(|parameters| parameters.get("FunctionName")?.as_str());
    if let Some(name) = function_name.filter(|_| service == "lambda") {
        function(name, attributes);
    }
    format!("{service}.{method}")
}

/// The name of a function that is called by its name or its ARN, `arn:aws:lambda:REGION:ACCOUNT:function:NAME`.
fn function(named: &str, attributes: &mut Vec<Value>) -> String {
    let mut parts = named.split(':');
    let region = parts.nth(3).filter(|_| named.starts_with("arn:"));
    let name = match region {
        Some(_) => parts.nth(2).unwrap_or_default(),
        None => named,
    };
    attributes.extend([text("faas.invoked_name", name), text("faas.invoked_provider", "aws")]);
    attributes.extend(region.map(|region| text("faas.invoked_region", region)));
    name.to_owned()
}
