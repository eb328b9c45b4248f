//! What a request says that an object has to be, for it to be read, written or deleted.
//!
//! S3 user guide, "Conditional reads", "Conditional writes" and "Conditional deletes".

use http::HeaderMap;
use http::header::{ETAG, LAST_MODIFIED};
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use time::OffsetDateTime;

/// Conditions for reading an object, or for copying it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl Reading {
    /// Holds them against an object that is there. `modified` is in whole seconds.
    pub(super) fn check(self, etag: &str, modified: OffsetDateTime) -> S3Result<()> {
        let is_later = |than: Timestamp| modified > OffsetDateTime::from(than);
        // The tags decide where both are there.
        match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) if !fits(&condition, etag) => return Err(failed()),
            (None, Some(since)) if is_later(since.clone()) => return Err(failed()),
            _ => {}
        }
        let is_unmodified = match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) => fits(&condition, etag),
            (None, Some(since)) => !is_later(since),
            (None, None) => false,
        };
        if is_unmodified { Err(not_modified(etag, modified)) } else { Ok(()) }
    }

    /// The same of the source of a copy, where all that does not hold is a failure.
    pub(super) fn check_source(self, etag: &str, modified: OffsetDateTime) -> S3Result<()> {
        self.check(etag, modified).map_err(|error| match error.code() {
            S3ErrorCode::NotModified => failed(),
            _ => error,
        })
    }
}

/// Conditions for writing or deleting an object.
#[derive(Debug, Default)]
pub(super) struct Writing {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl Writing {
    pub(super) fn new(if_match: Option<ETagCondition>, if_none_match: Option<ETagCondition>) -> S3Result<Self> {
        if matches!(if_none_match, Some(ETagCondition::ETag(_))) || if_match.is_some() && if_none_match.is_some() {
            return Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented: of If-None-Match, only * is taken, and not beside If-Match"
            ));
        }
        Ok(Self { if_match, if_none_match })
    }

    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Holds them against the tag of the object that is there, if one is.
    pub(super) fn check(&self, etag: Option<&str>) -> S3Result<()> {
        match (etag, &self.if_match) {
            (None, Some(_)) => return Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(etag), Some(condition)) if !fits(condition, etag) => return Err(failed()),
            _ => {}
        }
        if etag.is_some() && self.if_none_match.is_some() { Err(failed()) } else { Ok(()) }
    }
}

fn fits(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(asked) => asked.value() == etag,
    }
}

fn failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

fn not_modified(etag: &str, modified: OffsetDateTime) -> S3Error {
    let mut error = s3_error!(NotModified, "Not Modified");
    let mut headers = HeaderMap::new();
    if let Ok(tag) = ETag::Strong(etag.to_owned()).to_http_header() {
        headers.insert(ETAG, tag);
    }
    let mut date = Vec::new();
    let format = s3s::dto::TimestampFormat::HttpDate;
    if Timestamp::from(modified).format(format, &mut date).is_ok()
        && let Ok(date) = date.as_slice().try_into()
    {
        headers.insert(LAST_MODIFIED, date);
    }
    error.set_headers(headers);
    error
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn an_object_is_read_where_its_conditions_hold() {
        let modified = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let tag = |text: &str| ETagCondition::parse_http_header(text.as_bytes()).unwrap();
        let at = |seconds: i64| Timestamp::from(modified + Duration::seconds(seconds));
        let (tags, times) = ([None, Some("\"a\""), Some("\"b\""), Some("*")], [None, Some(-1), Some(0), Some(1)]);
        // RFC 9110, section 13.2.2.
        for if_match in tags {
            for if_none_match in tags {
                for unmodified in times {
                    for since in times {
                        let asked = Reading {
                            if_match: if_match.map(tag),
                            if_none_match: if_none_match.map(tag),
                            if_modified_since: since.map(at),
                            if_unmodified_since: unmodified.map(at),
                        };
                        let told = asked.check("a", modified).map_err(|error| error.code().as_str().to_owned());
                        let fails = if_match == Some("\"b\"") || if_match.is_none() && unmodified == Some(-1);
                        let is_same = match if_none_match {
                            None => matches!(since, Some(0 | 1)),
                            Some(tag) => tag != "\"b\"",
                        };
                        let expected = match (fails, is_same) {
                            (true, _) => Err("PreconditionFailed".to_owned()),
                            (false, true) => Err("NotModified".to_owned()),
                            (false, false) => Ok(()),
                        };
                        assert_eq!(told, expected, "{if_match:?} {if_none_match:?} {unmodified:?} {since:?}");
                    }
                }
            }
        }
    }
}
