//! A setting that is a time.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Reads a number of seconds above 0 that fits into a [`Duration`].
pub fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(seconds),
        _ => Err(serde::de::Error::custom(format!("expected a number of seconds above 0, not {seconds}"))),
    }
}
