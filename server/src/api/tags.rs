//! Tags of state machines and activities.

use asl_engine::Value;

use super::error::ApiError;
use super::request::Request;
use super::{Api, nothing};
use crate::catalog::{Activity, Change, Machine, Tags};

/// How many tags a resource may have. AWS developer guide, "Service quotas".
const MOST: usize = 50;

impl Tags {
    /// Refuses more than a resource may have.
    pub(super) fn check(&self, arn: &str) -> Result<(), ApiError> {
        if self.len() <= MOST {
            return Ok(());
        }
        let message = format!("Too many tags: a resource can have {MOST}: '{arn}'");
        Err(ApiError::new("TooManyTags", message).with("resourceName", arn))
    }
}

impl Api {
    /// The tags of the resource that a request names.
    fn tags_of(&self, request: &Request<'_>) -> Result<Tags, ApiError> {
        let arn = request.required("resourceArn");
        let contents = self.catalog.contents();
        let machine = contents.machines.get(arn).map(|machine| machine.tags.clone());
        let tags = machine.or_else(|| contents.activities.get(arn).map(|activity| activity.tags.clone()));
        // A version or an alias has none.
        tags.ok_or_else(|| ApiError::no_such_resource(arn))
    }

    async fn put_tags(&self, arn: &str, tags: Tags) -> Result<(), ApiError> {
        let (machine, activity) = {
            let contents = self.catalog.contents();
            (contents.machines.get(arn).cloned(), contents.activities.get(arn).cloned())
        };
        if let Some(machine) = machine {
            self.catalog.change(Change::machine(Machine { tags, ..Machine::clone(&machine) })).await?;
        } else if let Some(activity) = activity {
            self.catalog.change(Change::activity(Activity { tags, ..Activity::clone(&activity) })).await?;
        }
        Ok(())
    }

    pub(super) async fn tag(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let _changing = self.catalog.changing().await;
        let mut tags = self.tags_of(request)?;
        tags.add(request.value("tags"));
        let arn = request.required("resourceArn");
        tags.check(arn)?;
        self.put_tags(arn, tags).await?;
        Ok(nothing())
    }

    pub(super) async fn untag(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let _changing = self.catalog.changing().await;
        let mut tags = self.tags_of(request)?;
        let keys = request.value("tagKeys").and_then(Value::as_array).into_iter().flat_map(|keys| keys.iter());
        tags.remove(&keys.filter_map(Value::as_str).collect::<Vec<_>>());
        self.put_tags(request.required("resourceArn"), tags).await?;
        Ok(nothing())
    }

    pub(super) fn list_tags(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        Ok([("tags", self.tags_of(request)?.to_value())].into())
    }
}
