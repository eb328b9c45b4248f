//! The embedded S3 through the client of the AWS SDK.

use std::path::Path;

use asl_aws::web::Caller;
use asl_aws::{Clients, Services};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use bytes::Bytes;

use crate::{Declared, Embedded};

struct Fixture {
    data: tempfile::TempDir,
    clients: Clients,
}

impl Fixture {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let buckets = ["images".to_owned(), "../outside".to_owned()].into();
        let folder = data.path().join("data");
        let declared = Declared { buckets, ..Declared::default() };
        let embedded = Embedded::new(&folder, declared, Vec::new(), Caller::default());
        let clients = Clients::new(Services::default(), embedded.services());
        Self { data, clients }
    }

    async fn s3(&self) -> &Client {
        self.clients.s3().await
    }

    fn bucket(&self) -> std::path::PathBuf {
        self.data.path().join("data/s3/images")
    }

    async fn put(&self, key: &str, body: &'static str) -> Result<String, String> {
        let put =
            self.s3().await.put_object().bucket("images").key(key).body(Bytes::from_static(body.as_bytes()).into());
        put.send().await.map(|output| output.e_tag.unwrap_or_default()).map_err(told)
    }

    async fn get(&self, key: &str) -> Result<String, String> {
        let output = self.s3().await.get_object().bucket("images").key(key).send().await.map_err(told)?;
        let bytes = output.body.collect().await.unwrap().into_bytes();
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn list(&self, prefix: &str, delimiter: Option<&str>, max_keys: i32) -> Vec<Vec<String>> {
        let s3 = self.s3().await;
        let list = s3.list_objects_v2().bucket("images").prefix(prefix).set_delimiter(delimiter.map(str::to_owned));
        let mut pages = list.max_keys(max_keys).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            let keys = page.contents().iter().map(|object| object.key().unwrap().to_owned());
            let prefixes = page.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap().to_owned());
            names.push(keys.chain(prefixes).collect());
        }
        names
    }
}

fn told<E: ProvideErrorMetadata>(error: SdkError<E>) -> String {
    format!("{}: {}", error.code().unwrap_or_default(), error.message().unwrap_or_default())
}

#[tokio::test]
async fn an_object_is_a_plain_file_that_is_replaced_whole() {
    let fixture = Fixture::new();
    let first = fixture.put("a/b.txt", "one").await.unwrap();
    assert_eq!(std::fs::read_to_string(fixture.bucket().join("a/b.txt")).unwrap(), "one");
    let second = fixture.put("a/b.txt", "second").await.unwrap();
    assert_ne!(first, second);
    assert_eq!(fixture.get("a/b.txt").await.unwrap(), "second");
    let head = fixture.s3().await.head_object().bucket("images").key("a/b.txt").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(6), Some(&*second)));
    let unfinished = std::fs::read_dir(fixture.data.path().join("data/s3/.unfinished")).unwrap();
    assert_eq!(unfinished.count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn objects_are_files_with_the_usual_rights() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.put("a", "x").await.unwrap();
    std::fs::write(fixture.bucket().join("b"), "y").unwrap();
    let mode = |name: &str| std::fs::metadata(fixture.bucket().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("a"), mode("b"));
}

#[tokio::test]
async fn any_key_is_a_file_below_the_folder_of_objects() {
    let fixture = Fixture::new();
    let keys = ["../x", "a/../../x", "..", "/etc/x", "a//b", "a/", "a", "a/b", "a/b/c", ".", "100%/"];
    for key in keys {
        fixture.put(key, "x").await.unwrap();
        let put = fixture.put(key, key).await.unwrap();
        let head = fixture.s3().await.head_object().bucket("images").key(key).send().await.unwrap();
        assert_eq!(head.e_tag(), Some(&*put), "{key}");
    }
    let mut sorted = keys;
    sorted.sort_unstable();
    for most in [1, 2, 5, 1000] {
        assert_eq!(fixture.list("", None, most).await.concat(), sorted, "{most}");
    }
    assert_eq!(fixture.list("a/", None, 1000).await.concat(), ["a/", "a/../../x", "a//b", "a/b", "a/b/c"]);
    assert_eq!(fixture.list("", Some("/"), 2).await.concat().len(), 7);
    for key in keys {
        assert_eq!(fixture.get(key).await.unwrap(), key);
    }
    assert_eq!(fixture.put(&"x".repeat(1025), "x").await.unwrap_err(), "KeyTooLongError: Your key is too long");
    let long = "x".repeat(1024);
    fixture.put(&long, "x").await.unwrap();
    let top = walk(fixture.data.path()).into_iter().filter(|path| path.matches('/').count() < 3);
    let top: Vec<_> = top.filter(|path| !path.contains(".sqlite-")).collect();
    let known = [
        "",
        "/.lock",
        "/s3",
        "/s3.lock",
        "/s3.sqlite",
        "/s3/.beside",
        "/s3/.unfinished",
        "/s3/images",
        "/services.lock",
    ];
    let beside = ["/s3/.beside/images", "/s3/images/a"];
    assert!(
        top.iter().all(|path| known.iter().chain(&beside).any(|known| *path == format!("data{known}"))
            || path.starts_with("data/s3/images/")),
        "nothing is made outside: {top:?}"
    );

    for key in keys.into_iter().chain([&*long]) {
        fixture.s3().await.delete_object().bucket("images").key(key).send().await.unwrap();
    }
    assert_eq!(fixture.list("", None, 1000).await.concat(), [] as [&str; 0]);
    assert_eq!(walk(&fixture.data.path().join("data/s3/.beside")), [] as [&str; 0]);
    fixture.s3().await.delete_bucket().bucket("images").send().await.unwrap();
}

fn walk(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn buckets_exist_or_are_missed() {
    let fixture = Fixture::new();
    let s3 = fixture.s3().await;
    let put = async |bucket: &str| s3.put_object().bucket(bucket).key("a").send().await.map(|_| ()).map_err(told);
    assert_eq!(put("other").await.unwrap_err(), "NoSuchBucket: The specified bucket does not exist");
    s3.create_bucket().bucket("other").send().await.unwrap();
    s3.head_bucket().bucket("other").send().await.unwrap();
    assert_eq!(put("other").await, Ok(()));
    s3.create_bucket().bucket("other").send().await.unwrap();
    assert_eq!(put("Not_A_Bucket").await.unwrap_err(), "InvalidBucketName: The specified bucket is not valid.");
    assert!(s3.head_bucket().bucket("missing").send().await.is_err());
}

#[tokio::test]
async fn deleting_leaves_no_folders_and_succeeds_twice() {
    let fixture = Fixture::new();
    fixture.put("a/b/c", "x").await.unwrap();
    fixture.put("a/d", "x").await.unwrap();
    let delete =
        async |key: &str| fixture.s3().await.delete_object().bucket("images").key(key).send().await.map_err(told);
    delete("a/b/c").await.unwrap();
    delete("a/b/c").await.unwrap();
    delete("a").await.unwrap();
    assert_eq!(walk(&fixture.bucket()), ["a", "a/d"]);
    delete("a/d").await.unwrap();
    assert_eq!(walk(&fixture.bucket()), [] as [&str; 0]);
}

#[tokio::test]
async fn listing_is_in_order_by_page_prefix_and_delimiter() {
    let fixture = Fixture::new();
    for key in ["b", "a/2", "a/1", "a-b", "a/x/1", "c/1", "c/2"] {
        fixture.put(key, "x").await.unwrap();
    }
    assert_eq!(fixture.list("", None, 1000).await, [["a-b", "a/1", "a/2", "a/x/1", "b", "c/1", "c/2"]]);
    assert_eq!(fixture.list("a/", None, 2).await, [vec!["a/1", "a/2"], vec!["a/x/1"]]);
    assert_eq!(fixture.list("", Some("/"), 1000).await, [["a-b", "b", "a/", "c/"]]);
    assert_eq!(fixture.list("", Some("/"), 1).await, [["a-b"], ["a/"], ["b"], ["c/"]]);
    assert_eq!(fixture.list("a/", Some("/"), 1000).await, [["a/1", "a/2", "a/x/"]]);
    assert_eq!(fixture.list("z", None, 1000).await, [[] as [&str; 0]]);
}

#[tokio::test]
async fn a_part_of_an_object_can_be_read() {
    let fixture = Fixture::new();
    fixture.put("a", "0123456789").await.unwrap();
    let s3 = fixture.s3().await;
    let get = async |range: &str| {
        let output = s3.get_object().bucket("images").key("a").range(range).send().await.map_err(told)?;
        let content_range = output.content_range().unwrap_or_default().to_owned();
        let bytes = output.body.collect().await.unwrap().into_bytes();
        Ok::<_, String>((String::from_utf8(bytes.to_vec()).unwrap(), content_range))
    };
    assert_eq!(get("bytes=2-4").await, Ok(("234".to_owned(), "bytes 2-4/10".to_owned())));
    assert_eq!(get("bytes=-3").await, Ok(("789".to_owned(), "bytes 7-9/10".to_owned())));
    assert!(get("bytes=20-").await.unwrap_err().starts_with("InvalidRange"));
}

/// One of many writers is the first.
#[tokio::test(flavor = "multi_thread")]
async fn conditional_writes_have_one_winner() {
    let fixture = Fixture::new();
    let s3 = fixture.s3().await;
    let puts = (0..40).map(|number: i32| {
        let body = Bytes::from(number.to_string());
        s3.put_object().bucket("images").key("a").if_none_match("*").body(body.into()).send()
    });
    let ended = futures_util::future::join_all(puts).await;
    let refused: Vec<_> = ended.into_iter().filter_map(|put| put.map_err(told).err()).collect();
    let held = "PreconditionFailed: At least one of the pre-conditions you specified did not hold";
    assert_eq!(refused, vec![held; 39]);
}

/// What the release before has stored, and what a person puts there or copies, are objects.
#[tokio::test]
async fn files_of_others_are_objects() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.bucket().join("a")).unwrap();
    std::fs::write(fixture.bucket().join("a/b.txt"), "hello").unwrap();
    let s3 = fixture.s3().await;
    let head = async |key: &str| s3.head_object().bucket("images").key(key).send().await.unwrap();
    let listed = s3.list_objects_v2().bucket("images").send().await.unwrap();
    let tag = Some("\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!(listed.contents().first().and_then(|object| object.e_tag()), tag);
    assert_eq!(fixture.get("a/b.txt").await.unwrap(), "hello");
    let told = head("a/b.txt").await;
    assert_eq!((told.e_tag(), told.content_type()), (tag, Some("binary/octet-stream")));

    let put = s3.put_object().bucket("images").key("c").content_type("text/x").body(Bytes::from_static(b"one").into());
    put.send().await.unwrap();
    let path = fixture.bucket().join("c");
    // A copy of the folder has other times; what is kept of the content is still right.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "one").unwrap();
    assert_eq!(head("c").await.content_type(), Some("text/x"));
    // Another content is another object.
    std::fs::write(&path, "two").unwrap();
    let told = head("c").await;
    assert_eq!(told.content_type(), Some("binary/octet-stream"));
    assert_eq!(told.e_tag(), Some("\"b8a9f715dbb64fd5c56e7783c6820a61\""));
}

#[tokio::test]
async fn writers_of_one_key_never_mix() {
    let fixture = Fixture::new();
    let bodies: [&'static str; 2] = ["a".repeat(100_000).leak(), "b".repeat(100_000).leak()];
    let puts = (0..40).map(|number| fixture.put("x/y", bodies[number % 2]));
    for written in futures_util::future::join_all(puts).await {
        written.unwrap();
    }
    assert!(bodies.contains(&&*fixture.get("x/y").await.unwrap()));
    assert_eq!(walk(&fixture.bucket()), ["x", "x/y"]);
}

/// A bucket named like a path to an object reaches nothing, whatever asks for it.
#[tokio::test]
async fn what_is_no_name_of_a_bucket_reaches_none() {
    let fixture = Fixture::new();
    fixture.put("a", "precious").await.unwrap();
    let s3 = fixture.s3().await;
    let refused = "InvalidBucketName: The specified bucket is not valid.";
    for bucket in
        ["images/a", "images/", "/images", "../s3/images", "Images", "im", "images%2Fa", "images?x", "images#"]
    {
        for told in [
            s3.create_bucket().bucket(bucket).send().await.map(drop).map_err(told),
            s3.delete_bucket().bucket(bucket).send().await.map(drop).map_err(told),
            s3.get_object().bucket(bucket).key("a").send().await.map(drop).map_err(told),
            s3.put_object().bucket(bucket).key("a").send().await.map(drop).map_err(told),
            s3.delete_object().bucket(bucket).key("a").send().await.map(drop).map_err(told),
            s3.list_objects_v2().bucket(bucket).send().await.map(drop).map_err(told),
        ] {
            assert_eq!(told.unwrap_err(), refused, "{bucket}");
        }
    }
    // Taken by S3 where it is there already, and for no new bucket.
    let reserved = s3.create_bucket().bucket("amzn-s3-demo-bucket").send().await.map_err(told);
    assert_eq!(reserved.unwrap_err(), refused);
    assert_eq!(fixture.get("a").await.unwrap(), "precious");
    assert_eq!(walk(&fixture.bucket()), ["a"]);
}

#[tokio::test]
async fn an_object_can_come_in_parts() {
    let fixture = Fixture::new();
    let s3 = fixture.s3().await;
    let begun = s3.create_multipart_upload().bucket("images").key("a/b").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let part = async |number: i32, body: &'static str, id: &str| {
        let call = s3.upload_part().bucket("images").key("a/b").upload_id(id).part_number(number);
        call.body(Bytes::from_static(body.as_bytes()).into()).send().await.map(|part| part.e_tag).map_err(told)
    };
    let complete = async |numbers: &[i32], id: &str| {
        let part = |number: &i32| CompletedPart::builder().part_number(*number).build();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(numbers.iter().map(part).collect())).build();
        let call = s3.complete_multipart_upload().bucket("images").key("a/b").upload_id(id).multipart_upload(parts);
        call.send().await.map(|_| ()).map_err(told)
    };
    // 5 MB is the least that all parts but the last one have.
    let one: &'static str = "1".repeat(5 << 20).leak();
    let two: &'static str = "2".repeat(6 << 20).leak();
    for (number, body) in [(2, two), (1, "x"), (1, one), (7, " and seven")] {
        assert!(part(number, body, id).await.unwrap().is_some());
    }
    assert_eq!(fixture.get("a/b").await.unwrap_err(), "NoSuchKey: The specified key does not exist.");
    for (numbers, code) in [(&[2, 1][..], "InvalidPartOrder"), (&[1, 3][..], "InvalidPart"), (&[][..], "MalformedXML")]
    {
        let refused = complete(numbers, id).await.unwrap_err();
        assert!(refused.starts_with(&format!("{code}: ")), "{refused}");
    }
    complete(&[1, 2, 7], id).await.unwrap();
    assert!(fixture.get("a/b").await.unwrap() == format!("{one}{two} and seven"));
    for id in [id, "../../images", "00000000000000000000000000000000"] {
        assert!(part(1, "late", id).await.unwrap_err().starts_with("NoSuchUpload: "));
        assert!(complete(&[1], id).await.is_err());
    }
    let again = s3.create_multipart_upload().bucket("images").key("gone").send().await.unwrap();
    let abort = s3.abort_multipart_upload().bucket("images").key("gone").upload_id(again.upload_id().unwrap());
    abort.clone().send().await.unwrap();
    assert!(told(abort.send().await.unwrap_err()).starts_with("NoSuchUpload: "));
    assert_eq!(fixture.list("", None, 10).await, [["a/b"]]);
}

#[tokio::test]
async fn a_part_that_comes_too_late_does_not_reach_the_object() {
    let fixture = Fixture::new();
    let s3 = fixture.s3().await;
    let begun = s3.create_multipart_upload().bucket("images").key("a").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let part = |number: i32| s3.upload_part().bucket("images").key("a").upload_id(id).part_number(number);
    let whole: &'static str = "1".repeat(5 << 20).leak();
    let first = part(1).body(Bytes::from_static(whole.as_bytes()).into()).send().await.unwrap();
    // What a part leaves that is still being written.
    let folder = fixture.data.path().join("data/s3/.unfinished/uploads").join(id);
    std::fs::write(folder.join("2.claim"), "").unwrap();
    let mut late = std::fs::OpenOptions::new().write(true).open(folder.join("whole")).unwrap();
    let chosen = CompletedPart::builder().part_number(1).set_e_tag(first.e_tag).build();
    let parts = CompletedMultipartUpload::builder().parts(chosen).build();
    let complete = s3.complete_multipart_upload().bucket("images").key("a").upload_id(id).multipart_upload(parts);
    complete.send().await.unwrap();
    std::io::Write::write_all(&mut late, b"late").unwrap();
    assert!(fixture.get("a").await.unwrap() == whole);
}

#[tokio::test]
async fn objects_are_copied_and_many_are_deleted_at_once() {
    let fixture = Fixture::new();
    fixture.put("a/b.txt", "one").await.unwrap();
    let s3 = fixture.s3().await;
    let copy = |source: &str, key: &str| s3.copy_object().copy_source(source).bucket("images").key(key).send();
    let copied = copy("images/a/b.txt", "c/d e.txt").await.unwrap();
    assert!(copied.copy_object_result().and_then(|result| result.e_tag()).is_some());
    assert_eq!(fixture.get("c/d e.txt").await.unwrap(), "one");
    let itself = copy("images/a/b.txt", "a/b.txt").await.map_err(told).unwrap_err();
    assert!(itself.starts_with("InvalidRequest: This copy request is illegal"), "{itself}");
    let missing = copy("images/nothing", "x").await.map_err(told).unwrap_err();
    assert_eq!(missing, "NoSuchKey: The specified key does not exist.");
    let elsewhere = copy("nowhere/a", "x").await.map_err(told).unwrap_err();
    assert_eq!(elsewhere, "NoSuchBucket: The specified bucket does not exist");

    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = |keys: &[&str]| Delete::builder().set_objects(Some(keys.iter().map(|key| object(key)).collect()));
    let deletes = delete(&["a/b.txt", "never there"]).build().unwrap();
    let deleted = s3.delete_objects().bucket("images").delete(deletes).send().await.unwrap();
    let keys: Vec<_> = deleted.deleted().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["a/b.txt", "never there"]);
    assert_eq!(fixture.list("", None, 10).await, [["c/d e.txt"]]);
}

#[tokio::test]
async fn buckets_are_listed_and_deleted_when_they_are_empty() {
    let fixture = Fixture::new();
    let s3 = fixture.s3().await;
    s3.create_bucket().bucket("drawings").send().await.unwrap();
    let names = async || {
        let listed = s3.list_buckets().send().await.unwrap();
        let names = listed.buckets().iter().map(|bucket| bucket.name().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["drawings", "images"]);
    fixture.put("a", "one").await.unwrap();
    let delete = |bucket: &str| s3.delete_bucket().bucket(bucket).send();
    let full = delete("images").await.map_err(told).unwrap_err();
    assert_eq!(full, "BucketNotEmpty: The bucket you tried to delete is not empty");
    delete("drawings").await.unwrap();
    assert_eq!(names().await, ["images"]);
}

/// What is said to be there is, and what is not is refused.
#[tokio::test]
async fn the_operations_that_are_named_are_there() {
    let fixture = Fixture::new();
    let s3 = fixture.clients.embedded("s3").unwrap();
    assert!(s3.has("CopyObject") && s3.has("DeleteObjects") && !s3.has("PutBucketPolicy"));
    let policy = fixture.s3().await.put_bucket_policy().bucket("images").policy("{}").send().await;
    assert!(policy.map_err(told).unwrap_err().starts_with("NotImplemented: "));
}

/// Pages of any size give what is there in the order of the keys, whatever they are made of.
#[tokio::test]
async fn lists_are_those_of_sorted_keys() {
    let fixture = Fixture::new();
    let mut number: u64 = 7;
    let mut next = |below: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(number >> 33).unwrap() % below
    };
    let mut text = |most: usize| (0..=next(most)).map(|_| ["a", "/", "b", "-", "0", "é"][next(6)]).collect::<String>();
    let keys: std::collections::BTreeSet<String> = (0..80).map(|_| text(7)).collect();
    for key in &keys {
        fixture.put(key, "x").await.unwrap();
    }
    for round in 0..60 {
        let prefix = if round % 3 == 0 { String::new() } else { text(3) };
        let delimiter = [None, Some("/"), Some("a"), Some("/a")][round % 4];
        let mut expected = Vec::new();
        for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
            let end = delimiter.and_then(|by| Some(key[prefix.len()..].find(by)? + by.len()));
            let entry = end.map_or(&**key, |end| &key[..prefix.len() + end]).to_owned();
            if expected.last() != Some(&entry) {
                expected.push(entry);
            }
        }
        for most in [1, 3, 1000] {
            let mut listed = fixture.list(&prefix, delimiter, most).await;
            // A page has its keys before its common prefixes.
            listed.iter_mut().for_each(|page| page.sort());
            assert_eq!(listed.concat(), expected, "{prefix:?} {delimiter:?} {most}");
        }
    }
}
