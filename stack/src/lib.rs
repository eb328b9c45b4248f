//! Projects that are made for AWS, brought up on this machine: what the templates of the CDK, of SAM and of CloudFormation come to, as a
//! routing file and definitions.
//!
//! ```
//! use asl_stack::{Choices, StackFile, plan};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let file = folder.path().join("template.yaml");
//! std::fs::write(&file, "Resources: {Orders: {Type: AWS::SNS::Topic, Properties: {TopicName: orders}}}").unwrap();
//! let choices = Choices { stack_name: "shop".to_owned(), ..Choices::default() };
//! let plan = plan(&[StackFile { file, ..StackFile::default() }], &choices).unwrap();
//! let files = plan.files_in(folder.path()).unwrap();
//! assert_eq!(files[0].1, "topics = [\"orders\"]\n");
//! ```

mod addresses;
mod assembly;
mod globals;
mod loops;
mod parameters;
mod plan;
mod references;
mod resource;
mod routing;
mod source;
mod stacks;
mod synth;
mod translate;
mod validate;

pub use assembly::{AssemblyError, StackFile, stacks as stacks_of_assembly};
pub use plan::{Machine, Origin, PassedOver, Plan, Problem, StackOutputs};
pub use routing::ROUTES;
pub use source::{CDK, CDK_OUT, Source, SourceError, find};
pub use stacks::{Choices, Output, StacksError};
pub use synth::{App, SynthError};
pub use validate::Fault;

/// What stacks come to.
pub fn plan(files: &[StackFile], choices: &Choices) -> Result<Plan, StacksError> {
    let loaded = stacks::load(files, choices)?;
    let resolved = stacks::resolve(&loaded, choices)?;
    Ok(translate::translated(&resolved, choices))
}
