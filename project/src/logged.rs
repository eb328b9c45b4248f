//! What functions printed, as their logs have it.

use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use asl_engine::Timestamp;

/// The folder with the logs of functions, below that for data.
pub const LOGS: &str = "logs";

/// A line that a function printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoggedLine {
    /// When.
    pub at: Timestamp,
    /// The function.
    pub function: String,
    /// The rest: the id of the request, and what was printed.
    pub text: String,
}

impl fmt::Display for LoggedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.at, self.function, self.text)
    }
}

/// The lines of all functions from one time to another, in order of time. `folder` has a file for each function.
pub fn logged(folder: &Path, from: Timestamp, until: Option<Timestamp>) -> io::Result<Vec<LoggedLine>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut lines = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(function) = name.strip_suffix(".log").or_else(|| name.strip_suffix(".log.1")) else { continue };
        for line in BufReader::new(fs::File::open(&path)?).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            let Some((at, text)) = line.split_once(' ') else { continue };
            let Some(at) = Timestamp::parse(at) else { continue };
            if from <= at && until.is_none_or(|until| at <= until) {
                lines.push(LoggedLine { at, function: function.to_owned(), text: text.to_owned() });
            }
        }
    }
    // Lines of one moment stay in the order in which they were printed.
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_time_come_in_its_order() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(logged(&folder.path().join("none"), Timestamp(0), None).expect("nothing is there"), []);
        let line = |second: i64, text: &str| format!("2026-01-01T00:00:0{second}.000Z r {text}\n");
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
        write("b.log", line(4, "four") + &line(2, "two") + "no line of ours\n" + &line(2, "too"));
        write("a.log", line(3, "three"));
        write("a.log.1", line(1, "one"));
        write("other.txt", line(1, "no log"));
        let time = |second: i64| Timestamp::parse(&format!("2026-01-01T00:00:0{second}Z")).expect("a time");
        let texts = |from, until| -> Vec<String> {
            let lines = logged(folder.path(), time(from), until).expect("they are read");
            lines.into_iter().map(|line| format!("{} {}", line.function, line.text)).collect()
        };
        assert_eq!(texts(1, Some(time(3))), ["a r one", "b r two", "b r too", "a r three"]);
        assert_eq!(texts(3, None), ["a r three", "b r four"]);
    }
}
