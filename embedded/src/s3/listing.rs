//! What is in a bucket: its keys in order, by prefix and delimiter, a page at a time.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use super::store::is_absence;

/// What is asked for of a bucket.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    pub(super) prefix: &'a str,
    /// Empty where there is none.
    pub(super) delimiter: &'a str,
    /// Entries up to this one were listed before.
    pub(super) after: &'a str,
    /// The most entries.
    pub(super) room: usize,
}

/// One page of a bucket.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<(String, Metadata)>,
    pub(super) common_prefixes: Vec<String>,
    /// The last entry, where there are more.
    pub(super) last: Option<String>,
}

/// Lists the objects below `folder`, and those that lie in the folder `beside`.
pub(super) fn page(folder: &Path, beside: &Path, asked: Asked<'_>) -> io::Result<Page> {
    let mut others = Vec::new();
    collect_beside(beside, beside, &mut others)?;
    others.retain(|(key, _)| key.starts_with(asked.prefix));
    others.sort_unstable();
    let mut lister = Lister { asked, page: Page::default(), others: others.into_iter().peekable(), last: None };
    if lister.asked.room == 0 {
        return Ok(lister.page);
    }
    // Keys that start otherwise are in other folders.
    let start = lister.asked.prefix.rfind('/').map_or("", |end| &lister.asked.prefix[..=end]).to_owned();
    let is_full = match super::keys::plain(folder, start.trim_end_matches('/')) {
        _ if start.is_empty() => lister.walk(folder, "")?,
        Some(path) if start == format!("{}/", start.trim_end_matches('/')) => lister.walk(&path, &start)?,
        // No file can have such a key.
        _ => false,
    };
    if !is_full {
        lister.others_before(None)?;
    }
    Ok(lister.page)
}

struct Lister<'a, O: Iterator<Item = (String, PathBuf)>> {
    asked: Asked<'a>,
    page: Page,
    others: std::iter::Peekable<O>,
    last: Option<String>,
}

impl<O: Iterator<Item = (String, PathBuf)>> Lister<'_, O> {
    /// Lists what is below a folder, whose keys start with `above`; whether the page is full.
    fn walk(&mut self, folder: &Path, above: &str) -> io::Result<bool> {
        let mut names = Vec::new();
        match std::fs::read_dir(folder) {
            Err(error) if is_absence(&error) => return Ok(false),
            entries => {
                for entry in entries? {
                    let entry = entry?;
                    // A name that is not Unicode was not made by a key.
                    let Ok(mut name) = entry.file_name().into_string() else { continue };
                    // A link counts as what it leads to.
                    let kind = entry.file_type()?;
                    let is_folder = if kind.is_symlink() { entry.path().is_dir() } else { kind.is_dir() };
                    if is_folder {
                        name.push('/');
                    }
                    names.push(name);
                }
            }
        }
        // With the slash of folders, names are in the order of keys.
        names.sort_unstable();
        for name in names {
            let key = format!("{above}{name}");
            let Some(bare) = name.strip_suffix('/') else {
                if !key.starts_with(self.asked.prefix) || *key <= *self.asked.after {
                    continue;
                }
                if self.others_before(Some(&key))? || self.take(&key, &folder.join(&name))? {
                    return Ok(true);
                }
                continue;
            };
            let is_asked = key.starts_with(self.asked.prefix) || self.asked.prefix.starts_with(&key);
            // All keys in it come before.
            let is_before = *key <= *self.asked.after && !self.asked.after.starts_with(&key);
            if !is_asked || is_before {
                continue;
            }
            let path = folder.join(bare);
            match self.group(&key) {
                Some(group) if self.is_listed(&group) => {}
                Some(group) if group == key => {
                    // One key in it is enough.
                    if self.others_before(Some(&key))? {
                        return Ok(true);
                    }
                    if let Some((first, file)) = first(&path, &key, self.asked.after)?
                        && self.take(&first, &file)?
                    {
                        return Ok(true);
                    }
                }
                _ => {
                    if self.walk(&path, &key)? {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Lists the keys beside that come before this one, or all; whether the page is full.
    fn others_before(&mut self, key: Option<&str>) -> io::Result<bool> {
        while let Some((other, path)) = self.others.next_if(|(other, _)| key.is_none_or(|key| **other < *key)) {
            if *other > *self.asked.after && self.take(&other, &path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What keys that start with `key` have in common, where they are one entry.
    fn group(&self, key: &str) -> Option<String> {
        let rest = key.strip_prefix(self.asked.prefix).filter(|_| !self.asked.delimiter.is_empty())?;
        let end = key.len() - rest.len() + rest.find(self.asked.delimiter)? + self.asked.delimiter.len();
        Some(key[..end].to_owned())
    }

    fn is_listed(&self, group: &str) -> bool {
        *group == *self.asked.after || self.page.common_prefixes.last().is_some_and(|last| last == group)
    }

    /// Lists a key, unless its group is listed; whether there is no room for it.
    fn take(&mut self, key: &str, path: &Path) -> io::Result<bool> {
        let group = self.group(key);
        if let Some(group) = &group
            && self.is_listed(group)
        {
            return Ok(false);
        }
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            // It was just deleted, or is a link to nowhere.
            Err(error) if is_absence(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        if self.page.objects.len() + self.page.common_prefixes.len() == self.asked.room {
            self.page.last = self.last.take();
            return Ok(true);
        }
        self.last = Some(group.clone().unwrap_or_else(|| key.to_owned()));
        match group {
            Some(group) => self.page.common_prefixes.push(group),
            None => self.page.objects.push((key.to_owned(), metadata)),
        }
        Ok(false)
    }
}

/// A file below a folder whose key comes after `after`, which is no file in it that was listed: any will do.
fn first(folder: &Path, above: &str, after: &str) -> io::Result<Option<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if is_absence(&error) => return Ok(None),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{above}{name}");
        if entry.path().is_dir() {
            if let Some(found) = first(&entry.path(), &format!("{key}/"), after)? {
                return Ok(Some(found));
            }
        } else if *key > *after {
            return Ok(Some((key, entry.path())));
        }
    }
    Ok(None)
}

fn collect_beside(root: &Path, folder: &Path, into: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if is_absence(&error) => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect_beside(root, &path, into)?;
        } else if let Some(key) = path.strip_prefix(root).ok().and_then(super::keys::of_beside) {
            into.push((key, path));
        }
    }
    Ok(())
}

/// Whether there is an object.
pub(super) fn is_empty(folder: &Path, beside: &Path) -> io::Result<bool> {
    let page = page(folder, beside, Asked { room: 1, ..Asked::default() })?;
    Ok(page.objects.is_empty())
}
