//! Which keys can be file names, and where the file of a key is.

use std::path::{Component, Path, PathBuf};

use s3s::{S3Error, S3Result, s3_error};

/// The most bytes that a file name has on common file systems.
const NAME_MAX: usize = 255;

/// The file of the object `key` in the bucket whose folder is `bucket`. Never outside of that folder.
pub(super) fn object_path(bucket: &Path, key: &str) -> S3Result<PathBuf> {
    let mut path = bucket.to_owned();
    for name in key.split('/') {
        check_name(key, name)?;
        path.push(name);
    }
    Ok(path)
}

fn check_name(key: &str, name: &str) -> S3Result<()> {
    let refuse = |why: &str| -> S3Result<()> {
        Err(s3_error!(InvalidArgument, "The key {key:?} cannot be the path of a file: {why}"))
    };
    if name.is_empty() {
        return refuse("it starts or ends with a slash, or has two in a row");
    }
    if name.contains('\0') {
        return refuse("it has a NUL character");
    }
    if name.len() > NAME_MAX {
        return Err(too_long(key));
    }
    // What is not one plain name here is "." or "..", or a drive or a backslash on Windows.
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == name => Ok(()),
        _ => refuse(&format!("{name:?} is not a plain name")),
    }
}

fn too_long(key: &str) -> S3Error {
    s3_error!(
        KeyTooLongError,
        "The key {key:?} cannot be the path of a file: a name in it has more than {NAME_MAX} bytes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_paths_below_the_bucket() {
        for key in ["a", "a/b", "a.b/..c/...", "été/ü 1.gif", "a\\b", "~", "-", "a:b", " "] {
            let path = object_path(Path::new("/data/b"), key).unwrap();
            assert_eq!(path, Path::new("/data/b").join(key), "{key}");
        }
    }

    #[test]
    fn keys_that_are_no_paths_below_the_bucket_are_refused() {
        let slashes = "it starts or ends with a slash, or has two in a row";
        for (key, why) in [
            ("", slashes),
            ("/", slashes),
            ("/etc/passwd", slashes),
            ("a/", slashes),
            ("a//b", slashes),
            ("..", "\"..\" is not a plain name"),
            ("../x", "\"..\" is not a plain name"),
            ("a/../../x", "\"..\" is not a plain name"),
            ("a/./b", "\".\" is not a plain name"),
            ("a/..", "\"..\" is not a plain name"),
            ("a\0b", "it has a NUL character"),
        ] {
            let error = object_path(Path::new("/data/b"), key).unwrap_err();
            assert_eq!(error.code().as_str(), "InvalidArgument", "{key:?}");
            assert_eq!(error.message().unwrap(), format!("The key {key:?} cannot be the path of a file: {why}"));
        }
        let error = object_path(Path::new("/data/b"), &"é".repeat(128)).unwrap_err();
        assert_eq!(error.code().as_str(), "KeyTooLongError");
        assert!(object_path(Path::new("/data/b"), &"x".repeat(255)).is_ok());
    }
}
