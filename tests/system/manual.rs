//! `asl man`: the pages of the manual, as roff.

use crate::support::folder::Folder;

/// What a page of ours may begin a line with to tell roff something.
const REQUESTS: [&str; 12] = [".TH", ".SH", ".TP", ".PP", ".IP", ".RS", ".RE", ".br", ".nf", ".fi", ".ie", ".el"];

#[test]
fn a_page_has_the_sections_of_a_manual() {
    let folder = Folder::new();
    let ended = folder.asl(&["man", "jsonata"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let sections: Vec<&str> = ended.stdout.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    let expected = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "EXAMPLES", "\"SEE ALSO\""];
    assert_eq!(sections, expected);
    for text in [
        // Without a date, so that each build of a version writes the same.
        concat!(".TH ASL-JSONATA 1 \"\" \"asl ", env!("CARGO_PKG_VERSION"), "\" \"asl manual\"\n"),
        "asl\\-jsonata \\- Show what AWS gives for a JSONata expression",
        ".PP\nOn AWS an expression sees $states and the variables.",
        // The lines of a code are one paragraph.
        ".TP\n\\fB2\\fR\nAWS refuses the expression, the command line is wrong, or the document is no JSON\n",
        "asl jsonata \\*(Aq{% $states.input.items[price > 10].name %}\\*(Aq order.json\n",
    ] {
        assert!(ended.stdout.contains(text), "{text} in {}", ended.stdout);
    }
}

#[test]
fn each_command_has_a_page() {
    let folder = Folder::new();
    let ended = folder.asl(&["man", "--output", "share/man/man1"]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""), "{ended:?}");
    let pages = folder.files("share/man/man1");
    let asl = folder.asl(&["man"]).stdout;
    assert_eq!(pages["asl.1"], asl.as_bytes());
    for (name, page) in &pages {
        let page = std::str::from_utf8(page).expect("UTF-8");
        for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
            let request = line.split(' ').next().expect("a word");
            assert!(REQUESTS.contains(&request), "{name}: {line}");
        }
        let Some(verb) = name.strip_prefix("asl-").and_then(|name| name.strip_suffix(".1")) else { continue };
        assert!(asl.contains(&format!("asl\\-{}(1)\n", verb.replace('-', "\\-"))), "{verb} is not in asl.1");
        assert_eq!(folder.asl(&["man", verb]).stdout, page);
        // What --help tells, the page does.
        let help = folder.asl(&[verb, "--help"]).stdout;
        assert_eq!(help.contains("Exit codes:"), page.contains(".SH \"EXIT STATUS\"\n"), "{verb}");
        assert_eq!(help.contains("Examples:"), page.contains(".SH EXAMPLES\n"), "{verb}");
    }
    assert_eq!(pages.len(), asl.matches("(1)\n").count() + 1);
}

#[test]
fn what_cannot_be_printed_or_written_is_told() {
    let folder = Folder::new();
    folder.write("taken", "by a file");
    for (arguments, told) in [
        (vec!["man", "rum"], "error: asl has no command 'rum'; did you mean 'run'?\n"),
        (vec!["man", "--output", "taken"], "error: cannot make the folder taken: "),
        (vec!["man", "run", "--output", "man"], "cannot be used with"),
    ] {
        let ended = folder.asl(&arguments);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
}
