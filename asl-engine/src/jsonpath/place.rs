use std::fmt::{self, Write};

use super::token::Token;

/// One step of the place of a value.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Name(&'a str),
    Index(i32),
    Names(&'a Token),
    /// A `$` in the middle of the path: the place starts anew.
    Root,
}

/// The normalised path of a place.
pub(super) struct Place<'p, 'a>(pub(super) &'p [Step<'a>]);

impl fmt::Display for Place<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.iter().rposition(|step| matches!(step, Step::Root)).map_or(0, |last| last + 1);
        f.write_char('$')?;
        self.0[start..].iter().try_for_each(|step| match step {
            Step::Name(name) => write!(f, "['{name}']"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Names(token) => token.fmt(f),
            Step::Root => Ok(()),
        })
    }
}
