//! The path of a Frame, taken apart.

/// One Map or Parallel state on the way to a Frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step<'a> {
    pub(crate) state: &'a str,
    /// The item or branch, from 0.
    pub(crate) index: usize,
}

/// The steps of a path such as `/Fetch all@2#0[3]`: names may hold any of these characters, so it is read from its end.
pub(crate) fn frame_steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while let Some((before, index)) = last_step(rest) {
        // The name reaches back to the end of the step before.
        let start = inner_start(before);
        steps.push(Step { state: &before[start..], index });
        rest = before[..start].strip_suffix('/').unwrap_or_default();
    }
    steps.reverse();
    steps
}

/// What stands before `@visit#attempt[index]` at the end, and the index.
fn last_step(path: &str) -> Option<(&str, usize)> {
    let (before, index) = path.strip_suffix(']')?.rsplit_once('[')?;
    let (before, attempt) = before.rsplit_once('#')?;
    let (name, visit) = before.rsplit_once('@')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(attempt) && is_number(visit)).then_some((name, index.parse().ok()?))
}

/// Where the last name of a path starts: behind a `/` that ends a step, or the first one.
fn inner_start(path: &str) -> usize {
    let slashes = path.match_indices('/').map(|(at, _)| at).rev();
    for at in slashes {
        if at == 0 || last_step(&path[..at]).is_some() {
            return at + 1;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_whatever_the_names_are() {
        for (path, expected) in [
            ("", &[][..]),
            ("/Each@0#0[3]", &[("Each", 3)]),
            ("/Fetch all@2#0[3]/Inner@0#1[10]", &[("Fetch all", 3), ("Inner", 10)]),
            ("/a/b@x@1#0[0]/c[2]@0#0[1]", &[("a/b@x", 0), ("c[2]", 1)]),
        ] {
            let found: Vec<(&str, usize)> = frame_steps(path).iter().map(|step| (step.state, step.index)).collect();
            assert_eq!(found, expected, "{path}");
        }
    }
}
