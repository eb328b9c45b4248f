//! One page of the manual: what `--help` tells of a command, in the sections that pages of a manual have.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// `asl-run.1`
pub(super) fn file_name(command: &Command) -> String {
    format!("{}.1", name(command))
}

/// The page in roff.
pub(super) fn text(command: &Command) -> String {
    let source = concat!("asl ", env!("CARGO_PKG_VERSION"));
    // A day would make each build another one; an empty text has to be quoted to be one.
    let man = Man::new(command.clone()).title(name(command).to_uppercase()).date("\"\"");
    let man = man.source(source).manual("asl manual");
    let after = After::of(command);
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    let _ = man.render_synopsis_section(&mut page);
    let _ = man.render_description_section(&mut page);
    let _ = after.paragraphs().to_writer(&mut page);
    let _ = man.render_options_section(&mut page);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    let _ = after.exit_status().to_writer(&mut page);
    let _ = after.examples().to_writer(&mut page);
    let _ = see_also(command).to_writer(&mut page);
    without_repeats(&String::from_utf8_lossy(&page))
}

fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// What stands behind the options in `--help`: paragraphs, lines of examples, and exit codes.
#[derive(Default)]
struct After {
    paragraphs: Vec<String>,
    examples: Vec<String>,
    /// Each code with what it means.
    codes: Vec<(String, String)>,
}

impl After {
    fn of(command: &Command) -> Self {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut after = Self::default();
        for block in text.split("\n\n") {
            let (first, rest) = block.split_once('\n').unwrap_or((block, ""));
            match first {
                "Examples:" => after.examples = rest.lines().map(|line| line.trim_start().to_owned()).collect(),
                "Exit codes:" => after.codes = codes(rest),
                "" => {}
                _ => after.paragraphs.push(block.to_owned()),
            }
        }
        after
    }

    fn paragraphs(&self) -> Roff {
        let mut roff = Roff::new();
        for paragraph in &self.paragraphs {
            roff.control("PP", []).text([roman(paragraph)]);
        }
        roff
    }

    fn exit_status(&self) -> Roff {
        let mut roff = Roff::new();
        if !self.codes.is_empty() {
            roff.control("SH", ["EXIT STATUS"]);
        }
        for (code, meaning) in &self.codes {
            roff.control("TP", []).text([bold(code)]).text([roman(meaning)]);
        }
        roff
    }

    /// Lines as they are, since a shell reads them.
    fn examples(&self) -> Roff {
        let mut roff = Roff::new();
        if !self.examples.is_empty() {
            roff.control("SH", ["EXAMPLES"]).control("nf", []);
            for example in &self.examples {
                roff.text([roman(example)]);
            }
            roff.control("fi", []);
        }
        roff
    }
}

/// `0    the execution succeeded`, each with the lines below it that have no code.
fn codes(text: &str) -> Vec<(String, String)> {
    let mut codes: Vec<(String, String)> = Vec::new();
    for line in text.lines().map(str::trim) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (first.parse::<u8>(), codes.last_mut()) {
            (Err(_), Some((_, meaning))) => *meaning = format!("{meaning} {line}"),
            _ => codes.push((first.to_owned(), rest.trim().to_owned())),
        }
    }
    codes
}

/// The page of `asl` itself, behind each of its commands; it names all of them.
fn see_also(command: &Command) -> Roff {
    let mut roff = Roff::new();
    if !command.has_subcommands() {
        roff.control("SH", ["SEE ALSO"]).text([bold("asl"), roman("(1)")]);
    }
    roff
}

/// Each section that is written by itself begins with the same lines, which count once.
fn without_repeats(page: &str) -> String {
    let preamble = Roff::new().render();
    preamble.clone() + &page.replace(&preamble, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_lines_below_them() {
        let text = "  0    it is there\n  3    the definition, or the mocks\n       are invalid\n  70   a mistake";
        let expected = [("0", "it is there"), ("3", "the definition, or the mocks are invalid"), ("70", "a mistake")];
        assert_eq!(codes(text), expected.map(|(code, meaning)| (code.to_owned(), meaning.to_owned())));
    }
}
