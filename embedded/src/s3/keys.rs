//! Where the file of a key is.
//!
//! Most keys are paths below the folder of their bucket. What cannot be one (`folder/`, `a//b`, `..`, and `a` beside `a/b`) lies
//! beside, in a folder for each bucket, as a file whose name is the key with its slashes and other special characters escaped:
//! `folder%2F`.

use std::path::{Component, Path, PathBuf};

/// The most bytes that a file name has on common file systems.
const NAME_MAX: usize = 255;

/// Up to how many bytes of an escaped key are one name; with more, the first ones are names of folders.
const PIECE: usize = 200;

/// The file of `key` in the folder of its bucket, where the key can be a path. Never outside of that folder.
pub(super) fn plain(bucket: &Path, key: &str) -> Option<PathBuf> {
    let mut path = bucket.to_owned();
    for name in key.split('/') {
        // What is not one plain name here is "." or "..", or a drive or a backslash on Windows.
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name && name.len() <= NAME_MAX && !name.contains('\0') => {
                path.push(name);
            }
            _ => return None,
        }
    }
    Some(path)
}

/// The file of `key` in the folder for what lies beside the objects of its bucket. Any key has one, and no two the same.
pub(super) fn beside(folder: &Path, key: &str) -> PathBuf {
    let mut rest = escaped_name(key);
    let mut path = folder.to_owned();
    while rest.len() > PIECE {
        let mut end = PIECE;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let after = rest.split_off(end);
        // No escaped key ends so: a folder is never in the way of a file.
        path.push(rest + "%");
        rest = after;
    }
    path.push(rest);
    path
}

/// A key as the name of a file that it could have beside, however long.
pub(super) fn escaped_name(key: &str) -> String {
    let only_dots = key.bytes().all(|byte| byte == b'.');
    let mut escaped = String::with_capacity(key.len() + 8);
    for character in key.chars() {
        let is_special = character.is_control() || "/\\%:*?\"<>|".contains(character) || only_dots;
        if is_special {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The key whose file has this path below the folder; none where no key has.
pub(super) fn of_beside(path: &Path) -> Option<String> {
    let mut names = path.iter().map(|name| name.to_str()).collect::<Option<Vec<_>>>()?;
    let last = names.pop()?;
    let mut joined = names.into_iter().map(|name| name.strip_suffix('%')).collect::<Option<String>>()?;
    joined.push_str(last);
    super::urldecoded(&joined).filter(|key| beside(Path::new(""), key) == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_paths_below_the_bucket() {
        for key in ["a", "a/b", "a.b/..c/...", "été/ü 1.gif", "a\\b", "~", "-", "a:b", " ", "%2F"] {
            assert_eq!(plain(Path::new("/data/b"), key).unwrap(), Path::new("/data/b").join(key), "{key}");
        }
        assert!(plain(Path::new("/data/b"), &"x".repeat(255)).is_some());
    }

    #[test]
    fn other_keys_lie_beside() {
        let long = "é".repeat(512);
        for (key, name) in [
            ("/", "%2F"),
            ("/etc/passwd", "%2Fetc%2Fpasswd"),
            ("a/", "a%2F"),
            ("a//b", "a%2F%2Fb"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("../x", "..%2Fx"),
            ("a/./b", "a%2F.%2Fb"),
            ("a\0b", "a%00b"),
            ("100%/", "100%25%2F"),
            (&long, &format!("{0}%/{0}%/{0}%/{0}%/{0}%/{1}", "é".repeat(100), "é".repeat(12))),
        ] {
            assert_eq!(plain(Path::new("/data/b"), key), None, "{key:?}");
            let path = beside(Path::new("/beside/b"), key);
            assert_eq!(path, Path::new("/beside/b").join(name), "{key:?}");
            assert_eq!(of_beside(Path::new(name)).as_deref(), Some(key));
        }
        for name in ["%2f", "a%", "a/b", "%", "%zz", "a%2"] {
            assert_eq!(of_beside(Path::new(name)), None, "{name}");
        }
    }
}
