//! The cases: a text with a section for each.

/// Which of Lambda's two runtimes for Node.js.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Generation {
    /// nodejs18.x to nodejs22.x.
    Callbacks,
    /// nodejs24.x.
    Promises,
}

/// A handler, and what comes of calling it.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) entry: String,
    /// What it is called with, one after another, each JSON.
    pub(crate) events: Vec<String>,
    /// What comes of the events, a line each.
    pub(crate) callbacks: String,
    pub(crate) promises: String,
    /// `aws-lambda-ric` asks for an invocation while it tells the error: either may come first.
    pub(crate) races: bool,
}

/// Reads cases. Each begins with `== NAME`, and has parts which begin with `-- PART` and go on until the next: the name of a
/// file; `entry` (`index.handler` unless told); `events`, a line each (one of `{}` unless told); `22` and `24` with what comes of
/// them, or `both`; `races` where that is not sure with `aws-lambda-ric`.
pub(crate) fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for section in text.split("\n== ").skip(1) {
        let mut parts = section.split("\n-- ");
        let mut case = Case { entry: "index.handler".to_owned(), ..Case::default() };
        case.name = parts.next().unwrap_or_default().trim().to_owned();
        for part in parts {
            let (name, text) = part.split_once('\n').unwrap_or((part, ""));
            let trimmed = text.trim_end().to_owned();
            match name {
                "entry" => case.entry = trimmed,
                "events" => case.events = trimmed.lines().map(str::to_owned).collect(),
                "22" => case.callbacks = trimmed,
                "24" => case.promises = trimmed,
                "both" => (case.callbacks, case.promises) = (trimmed.clone(), trimmed),
                "races" => case.races = true,
                file => case.files.push((file.to_owned(), format!("{trimmed}\n"))),
            }
        }
        if case.events.is_empty() {
            case.events.push("{}".to_owned());
        }
        cases.push(case);
    }
    assert!(!cases.is_empty(), "there are cases");
    cases
}
