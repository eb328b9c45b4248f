//! Looks through the source files of a function: what they use of what Lambda brings along.

use std::ops::ControlFlow;
use std::path::Path;

/// What no source file of a function is longer than; what is longer is data.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Shows the bytes of all files of `folder` and below with one of these extensions to `look`, until that breaks. Folders of these
/// names and hidden ones are left out, and what cannot be read.
pub(super) fn look_through(
    folder: &Path,
    extensions: &[&str],
    left_out: &[&str],
    look: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        // Not that of what a link leads to: links may go around in circles.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            if !name.starts_with('.') && !left_out.contains(&&*name) {
                look_through(&path, extensions, left_out, look)?;
            }
        } else if path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
            && path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE)
            && let Ok(bytes) = std::fs::read(&path)
        {
            look(&bytes)?;
        }
    }
    ControlFlow::Continue(())
}

/// Whether `word` is in `bytes`.
pub(super) fn contains(bytes: &[u8], word: &[u8]) -> bool {
    find(bytes, word, 0).is_some()
}

/// Where `word` is in `bytes`, from `start` on.
pub(super) fn find(bytes: &[u8], word: &[u8], start: usize) -> Option<usize> {
    let (first, rest) = word.split_first()?;
    let mut at = start;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| byte == first)?;
        if bytes[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("a.py", "one"),
            ("sub/b.py", "two"),
            ("sub/c.txt", "text"),
            (".hidden/d.py", "hidden"),
            ("left/e.py", "left out"),
        ] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let mut seen = Vec::new();
        let all = look_through(folder.path(), &["py"], &["left"], &mut |bytes| {
            seen.push(String::from_utf8_lossy(bytes).into_owned());
            ControlFlow::Continue(())
        });
        seen.sort();
        assert_eq!((all, seen), (ControlFlow::Continue(()), vec!["one".to_owned(), "two".to_owned()]));
        let first = look_through(folder.path(), &["py"], &[], &mut |_| ControlFlow::Break(()));
        assert_eq!(first, ControlFlow::Break(()));
        assert!(look_through(&folder.path().join("none"), &["py"], &[], &mut |_| ControlFlow::Break(())).is_continue());
    }

    #[test]
    fn words_are_found() {
        assert!(contains(b"aab", b"ab") && contains(b"ab", b"ab") && contains(b"xabab", b"abab"));
        assert!(!contains(b"a", b"ab") && !contains(b"", b"a"));
        assert_eq!(find(b"abab", b"ab", 1), Some(2));
        assert_eq!(find(b"abab", b"ab", 9), None);
    }
}
