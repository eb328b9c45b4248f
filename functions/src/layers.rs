//! Layers of a function: folders with what Lambda unpacks into `/opt`.
//!
//! AWS Lambda developer guide, "Packaging your layer content" and "Using environment variables".

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::launch::{Folders, LaunchError};

/// The folders of the layers; what stands in more than one is taken from the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers(Vec<PathBuf>);

impl Layers {
    /// The layers that a route names, of which later ones lie above earlier ones.
    pub(super) fn find(named: &[PathBuf], folders: &Folders) -> Result<Self, LaunchError> {
        let found = named.iter().rev().map(|layer| {
            let folder = folders.routes.join(layer);
            match folder.canonicalize() {
                Ok(folder) if folder.is_dir() => Ok(folder),
                Ok(_) => Err(LaunchError::LayerNoFolder(folder)),
                Err(source) => Err(LaunchError::NoLayer { folder, source }),
            }
        });
        found.collect::<Result<_, _>>().map(Self)
    }

    /// What the layers have below these paths, of each layer in turn.
    pub(super) fn have(&self, paths: &[&str]) -> Vec<PathBuf> {
        let all = self.0.iter().flat_map(|layer| paths.iter().map(|path| layer.join(path)));
        all.filter(|path| path.exists()).collect()
    }

    /// Where programs and libraries are found, besides where they are on this machine.
    pub(super) fn environment(&self, code: &Path) -> Vec<(OsString, OsString)> {
        let libraries = [code.to_owned(), code.join("lib")].into_iter().filter(|folder| folder.exists());
        let libraries = libraries.chain(self.have(&["lib"]));
        let after = |name: &str, folders: Vec<PathBuf>| {
            let inherited = env::var_os(name).filter(|value| !value.is_empty());
            let inherited = inherited.as_deref().into_iter().flat_map(env::split_paths);
            // A path with the separator in it cannot be said; then it is not found.
            (name.into(), env::join_paths(inherited.chain(folders)).unwrap_or_default())
        };
        let mut environment = vec![after("LD_LIBRARY_PATH", libraries.collect())];
        let programs = self.have(&["bin"]);
        if !programs.is_empty() {
            environment.push(after("PATH", programs));
        }
        environment.retain(|(_, value): &(OsString, OsString)| !value.is_empty());
        environment
    }
}

/// These paths in one variable; none where there is none.
pub(super) fn joined(name: &str, paths: impl IntoIterator<Item = PathBuf>) -> Option<(OsString, OsString)> {
    let value = env::join_paths(paths).unwrap_or_default();
    (!value.is_empty()).then(|| (name.into(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_layers_lie_above_earlier_ones() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["code/lib", "one/python", "one/bin", "two/python/lib/python3.12/site-packages", "two/lib"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        std::fs::write(folder.path().join("layer.zip"), "").unwrap();
        let root = folder.path().canonicalize().unwrap();
        let folders = Folders::new(&root, &root);
        let layers = Layers::find(&["one".into(), "two".into()], &folders).unwrap();
        let found = layers.have(&["python/lib/python3.12/site-packages", "python"]);
        let expected = ["two/python/lib/python3.12/site-packages", "two/python", "one/python"];
        assert_eq!(found, expected.map(|path| root.join(path)));
        let environment = layers.environment(&root.join("code"));
        let ends = |name: &str, end: &str| {
            let value = environment.iter().find(|(found, _)| found == name).unwrap().1.to_str().unwrap();
            assert!(value.ends_with(&end.replace('@', root.to_str().unwrap())), "{value}");
        };
        ends("LD_LIBRARY_PATH", "@/code:@/code/lib:@/two/lib");
        ends("PATH", ":@/one/bin");

        for (name, expected) in [("three", "layers = [\"@/three\"]: "), ("layer.zip", "@/layer.zip is not a folder")] {
            let error = Layers::find(&[name.into()], &folders).unwrap_err().to_string();
            assert!(error.contains(&expected.replace('@', root.to_str().unwrap())), "{error}");
        }
    }
}
