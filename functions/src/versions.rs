//! Where tools that manage versions of Python and Node.js keep them: what is installed there need not be on the `PATH`.

use std::path::{Path, PathBuf};

/// Programs of `version`, such as `3.12` or `22`, the newest first; `places` are those of [`PYTHON`] or [`NODE`].
pub(super) fn installed(places: &[Place], version: &str) -> Vec<PathBuf> {
    let home = named("HOME");
    let folders = places.iter().filter_map(|place| {
        let folder = named(place.variable).or_else(|| Some(home.as_ref()?.join(place.below_home)))?;
        Some((folder, place))
    });
    let mut found: Vec<_> = folders.flat_map(|(folder, place)| of_place(&folder, place, version)).collect();
    // Stable: the places count in their order.
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    found.into_iter().map(|(_, program)| program).collect()
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A place of a tool: `FOLDER/BELOW/PREFIX VERSION.../PROGRAM`.
pub(super) struct Place {
    /// What names the folder of the tool.
    variable: &'static str,
    /// Where it is below the home of the user when nothing names it.
    below_home: &'static str,
    below: &'static str,
    prefix: &'static str,
    program: &'static str,
}

const fn place(
    variable: &'static str,
    below_home: &'static str,
    below: &'static str,
    prefix: &'static str,
    program: &'static str,
) -> Place {
    Place { variable, below_home, below, prefix, program }
}

/// uv, pyenv, mise and asdf.
pub(super) const PYTHON: [Place; 4] = [
    place("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "", "cpython-", "bin/python3"),
    place("PYENV_ROOT", ".pyenv", "versions", "", "bin/python3"),
    place("MISE_DATA_DIR", ".local/share/mise", "installs/python", "", "bin/python3"),
    place("ASDF_DATA_DIR", ".asdf", "installs/python", "", "bin/python3"),
];

/// nvm, fnm, Volta, mise, asdf and n.
pub(super) const NODE: [Place; 6] = [
    place("NVM_DIR", ".nvm", "versions/node", "v", "bin/node"),
    place("FNM_DIR", ".local/share/fnm", "node-versions", "v", "installation/bin/node"),
    place("VOLTA_HOME", ".volta", "tools/image/node", "", "bin/node"),
    place("MISE_DATA_DIR", ".local/share/mise", "installs/node", "", "bin/node"),
    place("ASDF_DATA_DIR", ".asdf", "installs/nodejs", "", "bin/node"),
    place("N_PREFIX", ".n", "n/versions/node", "", "bin/node"),
];

/// The programs of a place with their versions, as numbers.
fn of_place(folder: &Path, place: &Place, version: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let wanted = format!("{}{version}", place.prefix);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.join(place.below)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(&*wanted)) else { continue };
        // `3.12` is no `3.1`, and `3.12-dev` no number that could be the newest.
        if !(rest.is_empty() || rest.starts_with(['.', '-'])) {
            continue;
        }
        let numbers = rest.split('-').next().unwrap_or_default().split('.').filter_map(|number| number.parse().ok());
        let program = entry.path().join(place.program);
        if program.is_file() {
            found.push((numbers.collect(), program));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_version_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["3.1.9", "3.12.1", "3.12.10", "3.12-dev", "3.13.0"] {
            let bin = folder.path().join("versions").join(name).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("python3"), "").unwrap();
        }
        std::fs::create_dir_all(folder.path().join("versions/3.12.11")).unwrap();
        let mut found = of_place(folder.path(), &PYTHON[1], "3.12");
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        let names: Vec<_> = found.iter().map(|(_, program)| program.iter().rev().nth(2).unwrap()).collect();
        assert_eq!(names, ["3.12.10", "3.12.1", "3.12-dev"]);
        assert!(of_place(&folder.path().join("none"), &PYTHON[1], "3.12").is_empty());
    }
}
