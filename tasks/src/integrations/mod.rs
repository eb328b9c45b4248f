//! Service integrations: what Step Functions calls by itself, with the results and errors that it gives.

mod answer;
mod dynamodb;
mod lambda;
mod s3;
mod sns;

use std::sync::Arc;

use crate::handler::Handler;
use crate::pattern::Pattern;
use crate::world::World;

/// What serves the resources that say by themselves what they are.
pub(crate) fn all(world: &World) -> Vec<(Pattern, Arc<dyn Handler>)> {
    let clients = || Arc::clone(&world.clients);
    let all: [(&str, Arc<dyn Handler>); 5] = [
        ("arn:aws:states:::dynamodb:putItem", Arc::new(dynamodb::PutItem(clients()))),
        ("arn:aws:states:::lambda:invoke", Arc::new(lambda::Invoke::new(world))),
        ("arn:aws:states:::sns:publish", Arc::new(sns::Publish(clients()))),
        // Only an ItemReader asks for these.
        ("arn:aws:states:::s3:getObject", Arc::new(s3::GetObject(clients()))),
        ("arn:aws:states:::s3:listObjectsV2", Arc::new(s3::ListObjects(clients()))),
    ];
    all.into_iter().map(|(resource, handler)| (resource.into(), handler)).collect()
}
