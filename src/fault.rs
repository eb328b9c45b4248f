//! Why an expression of the command line gives no value.

use asl_engine::Span;

use crate::preview::cut;
use crate::report;

/// Why there is no value.
pub(crate) struct Fault {
    /// AWS's code for what it refuses, and its error name for what fails.
    pub(crate) name: String,
    /// AWS's text.
    pub(crate) message: String,
    /// The bytes of the expression that it is about.
    pub(crate) span: Option<Span>,
    /// What is wrong there.
    pub(crate) label: String,
    /// What to do about it.
    pub(crate) hints: Vec<String>,
}

impl Fault {
    /// The text for a person, with the place in the expression; `argument` is what the help calls that.
    pub(crate) fn report(&self, argument: &str, text: &str) -> String {
        let hints: Vec<&str> = self.hints.iter().map(String::as_str).collect();
        // A text of AWS may quote the whole input.
        let message = cut(&self.message, 600);
        let place = self.span.map(|span| (span, &*self.label));
        report::expression((&self.name, &message), place, &hints, (argument, text))
    }
}
