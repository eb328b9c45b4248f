//! The known name that a mistyped one was probably meant to be.

/// How long a name may be for which a near one is looked for.
const MAX: usize = 80;

/// The name of `known` nearest to `wanted`, when it differs in case only, or in a letter or two.
///
/// ```
/// assert_eq!(asl_engine::nearest("Resoruce", ["Resource", "Result"]), Some("Resource"));
/// assert_eq!(asl_engine::nearest("resource", ["Resource", "Result"]), Some("Resource"));
/// assert_eq!(asl_engine::nearest("Payload", ["Resource", "Result"]), None);
/// ```
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = wanted.chars().count();
    // A short name has nothing left to recognise it by when two letters of it are wrong.
    let most = if letters <= 4 { 1 } else { 2 };
    known
        .into_iter()
        // Names of other lengths are not near; neither is anything near a name that is too long to be one.
        .filter(|name| *name != wanted && wanted.len() <= MAX && name.len().abs_diff(wanted.len()) <= 8)
        .filter(|name| name.chars().count().abs_diff(letters) <= most)
        .map(|name| (distance(wanted, name), name))
        .filter(|(distance, _)| *distance <= most && *distance < letters.max(1))
        .min()
        .map(|(_, name)| name)
}

/// How many letters have to be changed, added, removed or swapped with the next; upper and lower case are one.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for i in 0..left.len() {
        let mut next = vec![i + 1];
        for j in 0..right.len() {
            let changed = row[j] + usize::from(left[i] != right[j]);
            let mut least = changed.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_others_are_not() {
        let known = ["Pass", "Parallel", "Map", "Retry"];
        for (wanted, found) in [
            ("Pas", Some("Pass")),
            ("Prallel", Some("Parallel")),
            ("MAP", Some("Map")),
            ("Mpa", Some("Map")),
            ("Retyr", Some("Retry")),
            ("Payload", None),
            ("Wait", None),
            ("Pass", None),
            ("", None),
            ("M", None),
        ] {
            assert_eq!(nearest(wanted, known), found, "{wanted}");
        }
    }
}
