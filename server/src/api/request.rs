//! One request of the API: its parameters, held against the model.

use asl_engine::Value;

use super::error::ApiError;

/// The parameters of a request, whose types and bounds are right.
pub(crate) struct Request<'a> {
    pub(crate) parameters: &'a Value,
    /// The region that the request was signed for.
    pub(crate) region: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.parameters.get(name).filter(|value| **value != Value::Null)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_str()
    }

    /// A text that has to be there. It is: the model says so.
    pub(crate) fn required(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.value(name)?.as_i64()
    }

    /// How many entries are asked for; 0 means the default, as on AWS.
    pub(crate) fn max_results(&self, default: usize) -> usize {
        let asked = self.number("maxResults").and_then(|most| usize::try_from(most).ok());
        asked.filter(|most| *most > 0).unwrap_or(default)
    }

    /// Whether data are left out.
    pub(crate) fn is_metadata_only(&self) -> bool {
        self.text("includedData") == Some("METADATA_ONLY")
    }
}

/// The place that a token of a page names, and what the page is of.
///
/// A token is opaque to whoever has it. It names the operation and what was asked, since another page would be given otherwise.
pub(crate) fn page_token(of: &str, place: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{of}\n{place}"))
}

/// The place in a token of [`page_token`].
pub(crate) fn page_place(of: &str, token: &str) -> Result<String, ApiError> {
    use base64::Engine;
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = decoded.and_then(|text| text.strip_prefix(of)?.strip_prefix('\n').map(str::to_owned));
    place.ok_or_else(ApiError::invalid_token)
}

/// A page of a list that is in memory: the entries, and the token of the next page.
pub(crate) fn page<T>(
    all: Vec<T>,
    of: &str,
    request: &Request<'_>,
    name: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let from = match request.text("nextToken") {
        None => 0,
        Some(token) => {
            // Behind the entry that was the last one, even if that is gone.
            let place = page_place(of, token)?;
            let (position, last) = place.split_once(' ').ok_or_else(ApiError::invalid_token)?;
            let position: usize = position.parse().map_err(|_| ApiError::invalid_token())?;
            match all.iter().position(|entry| name(entry) == last) {
                Some(found) => found + 1,
                None => position.min(all.len()),
            }
        }
    };
    let most = request.max_results(100);
    let to = all.len().min(from + most);
    let next = (to < all.len()).then(|| page_token(of, &format!("{to} {}", name(&all[to - 1]))));
    Ok((all.into_iter().skip(from).take(most).collect(), next))
}

/// An object of those members that there are.
pub(crate) fn object<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
