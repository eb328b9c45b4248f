//! `asl demo` in an empty folder.

use std::collections::BTreeMap;

use crate::support::folder::{Ended, Folder};
use crate::support::images::flags;
use crate::support::stored::{Stored, TABLE};

/// What a demo printed, with the parts that differ from run to run taken out.
struct Printed {
    text: String,
    /// `http://127.0.0.1:port`
    origin: String,
    /// The file of the notification, as it was printed.
    notice: String,
}

fn read(ended: &Ended) -> Printed {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let between = |start: &str, end: &str| {
        let (_, rest) = ended.stdout.split_once(start).unwrap_or_else(|| panic!("{start:?} in {}", ended.stdout));
        rest.split(end).next().expect("there is a first part").to_owned()
    };
    let origin = between("Images are served at ", "/data/flags");
    let notice = between("\n  notice   ", "\n");
    let mut text = ended.stdout.replace(&origin, "ORIGIN").replace(&notice, "NOTICE");
    // `SUCCEEDED in 0.12 s`
    for status in ["SUCCEEDED in ", "FAILED in "] {
        let seconds = between(status, " s,");
        assert!(seconds.parse::<f64>().is_ok_and(|seconds| seconds > 0.0), "{seconds}");
        text = text.replace(&format!("{status}{seconds} s,"), &format!("{status}SECONDS s,"));
    }
    Printed { text, origin, notice }
}

#[test]
fn it_shows_what_is_really_there_and_can_be_run_again() {
    let folder = Folder::new();
    let first = read(&folder.asl(&["demo"]));
    assert_eq!(
        first.text,
        r#"Images are served at ORIGIN/data/flags

All images exist (100 images)
  SUCCEEDED in SECONDS s, 864 events

One image is missing, so this one has to fail (7 images)
  FAILED in SECONDS s, 84 events: One or more resources failed to download

What is stored now
  objects  100 files below .asl/s3/images
  rows     100 in the table urlToName of .asl/dynamodb.sqlite
           {"url":"ORIGIN/data/flags/ad/ad.gif","filename":"127.0.0.1/ad.gif"}
  notice   NOTICE
           ["Could not find: ORIGIN/data/flags/zz/zz.gif"]
  history  .asl/executions (asl history)
"#
    );
    let second = read(&folder.asl(&["demo"]));
    assert_eq!(first.text.lines().count(), second.text.lines().count(), "{}", second.text);
    assert_ne!(first.notice, second.notice);

    let mut expected = Stored { objects: BTreeMap::new(), rows: BTreeMap::new(), notifications: Vec::new() };
    for printed in [&first, &second] {
        let base_url = format!("{}/data/flags", printed.origin);
        for (path, bytes) in flags() {
            let key = crate::support::stored::key(&path);
            expected.rows.insert(format!("{base_url}/{path}"), key.clone());
            expected.objects.insert(key, bytes);
        }
        let message = format!("[\"Could not find: {base_url}/zz/zz.gif\"]");
        expected.notifications.push((crate::download_images::SUBJECT.to_owned(), message));
        assert!(folder.path(&printed.notice).is_file(), "{}", printed.notice);
    }
    assert_eq!(Stored::embedded(&folder.path(".asl"), TABLE), expected);
}

#[test]
fn it_leaves_nothing_outside_the_data_folder() {
    let folder = Folder::new();
    read(&folder.asl(&["demo", "--data", "elsewhere/data"]));
    let names: Vec<_> = folder.files("").into_keys().collect();
    assert!(names.len() > 100 && names.iter().all(|name| name.starts_with("elsewhere/data/")), "{names:?}");
    assert!(names.iter().all(|name| !name.contains(".unfinished")), "{names:?}");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told() {
    let folder = Folder::new();
    folder.write("taken", "by a file");
    for data in ["taken", "taken/data"] {
        let ended = folder.asl(&["demo", "--data", data]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert_eq!(ended.stderr, "error: --data: taken is not a folder\n");
    }
    assert_eq!(folder.files("").len(), 1);
}
