//! Service integrations: what Step Functions calls by itself, with the results and errors that it gives.

mod answer;
mod dynamodb;
pub(crate) mod http;
mod s3;
mod sns;

use std::sync::Arc;

use self::http::Connections;
use crate::handler::Handler;
use crate::pattern::Pattern;
use crate::world::World;

/// What serves the resources that say by themselves what they are.
pub(crate) fn all(world: &World, connections: Connections) -> Vec<(Pattern, Arc<dyn Handler>)> {
    let clients = || Arc::clone(&world.clients);
    let http = http::Invoke { clients: clients(), connections };
    let all: [(&str, Arc<dyn Handler>); 5] = [
        ("arn:aws:states:::dynamodb:putItem", Arc::new(dynamodb::PutItem(clients()))),
        ("arn:aws:states:::sns:publish", Arc::new(sns::Publish(clients()))),
        ("arn:aws:states:::http:invoke", Arc::new(http)),
        // Only an ItemReader asks for these.
        ("arn:aws:states:::s3:getObject", Arc::new(s3::GetObject(clients()))),
        ("arn:aws:states:::s3:listObjectsV2", Arc::new(s3::ListObjects(clients()))),
    ];
    all.into_iter().map(|(resource, handler)| (resource.into(), handler)).collect()
}
