//! `arn:aws:states:::elasticmapreduce:modifyInstanceFleetByName` and `modifyInstanceGroupByName`: EMR itself knows fleets and groups by
//! their ids only.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html>

use asl_aws::{Operation, OperationOutput, Service, Style};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};

use super::answer::with_metadata;
use super::given::at;
use super::missing::Lookup;
use super::optimized;

/// Looks for what is named, and modifies it.
pub(super) struct ModifyByName {
    lookup: Lookup,
    service: &'static Service,
    named: &'static Named,
    list: &'static Operation,
    modify: &'static Operation,
}

/// What is modified by its name.
struct Named {
    action: &'static str,
    /// The parameter with the name, and the one with what is to change.
    parameters: [&'static str; 2],
    list: &'static str,
    /// Where the list has them.
    listed: &'static str,
    modify: &'static str,
    /// The member of the request: one, or a list of them.
    member: &'static str,
    /// The member for the id.
    id: &'static str,
    is_list: bool,
}

static NAMED: [Named; 2] = [
    Named {
        action: "modifyInstanceFleetByName",
        parameters: ["InstanceFleetName", "InstanceFleet"],
        list: "ListInstanceFleets",
        listed: "InstanceFleets",
        modify: "ModifyInstanceFleet",
        member: "InstanceFleet",
        id: "InstanceFleetId",
        is_list: false,
    },
    Named {
        action: "modifyInstanceGroupByName",
        parameters: ["InstanceGroupName", "InstanceGroup"],
        list: "ListInstanceGroups",
        listed: "InstanceGroups",
        modify: "ModifyInstanceGroups",
        member: "InstanceGroups",
        id: "InstanceGroupId",
        is_list: true,
    },
];

/// The most pages of a list that are read: more than EMR has groups in a cluster.
const PAGES: usize = 20;

impl ModifyByName {
    /// What serves an action of EMR, where it is one of these.
    pub(super) fn find(lookup: Lookup, action: &str) -> Option<Self> {
        let named = NAMED.iter().find(|named| named.action == action)?;
        let service = Service::of_arn("elasticmapreduce").ok()?;
        let (list, modify) = (service.known_operation(named.list)?, service.known_operation(named.modify)?);
        Some(Self { lookup, service, named, list, modify })
    }

    async fn run(&self, parameters: &Value) -> Outcome {
        let cluster = parameters["ClusterId"].clone();
        let [name, change] = self.named.parameters.map(|name| &parameters[name]);
        let id = self.id(&cluster, name).await?;
        let change = change.as_object().cloned().unwrap_or_default().with(self.named.id, id).into();
        let change = if self.named.is_list { Value::from(vec![change]) } else { change };
        let sent = Value::from([("ClusterId", cluster), (self.named.member, change)]);
        Ok(with_metadata(self.call(self.modify, &sent).await?))
    }

    /// The id of the only one of this name.
    async fn id(&self, cluster: &Value, name: &Value) -> Result<Value, Failure> {
        let mut ids = Vec::new();
        let mut asked = Value::from([("ClusterId", cluster.clone())]);
        for _ in 0..PAGES {
            let page = Value::from(self.call(self.list, &asked).await?.result);
            let items = at(&page, self.named.listed);
            let items = items.as_array().into_iter().flat_map(|items| items.iter());
            ids.extend(items.filter(|item| item["Name"] == *name).map(|item| item["Id"].clone()));
            match &page["Marker"] {
                Value::Null => break,
                marker => asked = Value::from([("ClusterId", cluster.clone()), ("Marker", marker.clone())]),
            }
        }
        match &ids[..] {
            [id] => Ok(id.clone()),
            // Which error this is on AWS, no page says.
            found => {
                let found = if found.is_empty() { "none" } else { "more than one" };
                let what = self.named.parameters[1];
                Err(Failure::new("States.TaskFailed", format!("The cluster {cluster} has {found} {what} named {name}")))
            }
        }
    }

    async fn call(&self, operation: &'static Operation, sent: &Value) -> Result<OperationOutput, Failure> {
        let answer = self.lookup.clients.call(self.service, operation, sent, Style::Optimized).await;
        answer.map_err(|error| optimized::names_of("elasticmapreduce").failure(error))
    }
}

impl Handler for ModifyByName {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.lookup.clients.reaches_aws(self.service)
    }
}
