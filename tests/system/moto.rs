//! The main job against an S3, DynamoDB and SNS that is not ours, and the same job against the embedded ones.

use crate::download_images::{FAILED, SUBJECT, could_not_find, paths};
use crate::support::folder::Folder;
use crate::support::images::{RUN, definition, input, lay_out, serve};
use crate::support::moto;
use crate::support::stored::{BUCKET, Stored, TABLE, TOPIC};

#[test]
fn an_independent_server_is_given_the_same() {
    let Some(moto) = moto::start() else { return };
    moto.create_bucket(BUCKET);
    moto.create_table(TABLE, "url");
    let topic = moto.create_topic(TOPIC);
    let server = serve();
    let [success, fail] = ["success.input.json", "fail.input.json"].map(|name| input(name, &server));

    let (embedded, outside) = (Folder::new(), Folder::new());
    let routes = std::fs::read_to_string(definition("routes.toml")).expect("the routes are there");
    let place = format!("= {{ endpoint_url = \"{}\", region = \"us-east-1\" }}", moto.endpoint());
    for (input, code, stderr) in [(&success, 0, ""), (&fail, 1, FAILED)] {
        lay_out(&embedded, input);
        lay_out(&outside, input);
        outside.write("routes.toml", routes.replace("= \"embedded\"", &place));
        let mut command = outside.command(&RUN);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let ended = crate::support::folder::Ended::from(command.output().expect("asl starts"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), stderr), "{ended:?}");
        assert_eq!(ended, embedded.asl(&RUN));
    }
    let stored = Stored::moto(&moto, &topic);
    let messages = [could_not_find(&server, "zz/zz.gif")];
    assert_eq!(stored, Stored::expected(&server, &paths(&success), SUBJECT, &messages));
    assert_eq!(stored, Stored::embedded(&embedded.path(".asl"), TABLE));
    assert!(outside.files(".asl").is_empty(), "nothing is kept here");
}

#[test]
fn what_is_missing_there_is_told() {
    let Some(moto) = moto::start() else { return };
    moto.create_table(TABLE, "url");
    let (server, folder) = (serve(), Folder::new());
    lay_out(&folder, &input("success.input.json", &server));
    let routes = std::fs::read_to_string(definition("routes.toml")).expect("the routes are there");
    let place = format!("= {{ endpoint_url = \"{}\" }}", moto.endpoint());
    folder.write("routes.toml", routes.replace("= \"embedded\"", &place));
    let mut command = folder.command(&RUN);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let ended = crate::support::folder::Ended::from(command.output().expect("asl starts"));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    let title = "execution: FAILED in the state 'Download one batch' of 'Download all batches', item ";
    let error = ended.stderr.lines().next().unwrap_or_default().ends_with("(the first is 0): NoSuchBucket");
    assert!(ended.stderr.starts_with(title) && error, "{}", ended.stderr);
    assert!(ended.stderr.contains("in the bucket images: The specified bucket does not exist"), "{}", ended.stderr);
    assert_eq!(moto.rows(TABLE), Vec::<serde_json::Value>::new());
}
