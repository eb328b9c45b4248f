//! What a build without some of the features refuses, instead of taking it and not doing it.

/// The handlers that are left out, and the feature that has each.
pub(crate) const HANDLERS: &[(&str, &str)] = &[
    #[cfg(not(feature = "functions"))]
    ("function", "functions"),
    #[cfg(not(feature = "functions"))]
    ("process", "functions"),
    #[cfg(not(feature = "wasm"))]
    ("wasm", "wasm"),
];

/// Says that `what` is left out.
pub(crate) fn told(what: &str, feature: &str) -> String {
    format!("{what} is not in this build of asl, which was made without the feature {feature:?}")
}

/// A setting of the embedded services: to give it is an error.
#[cfg(not(feature = "embedded"))]
#[derive(Debug)]
pub(crate) enum Embedded {}

#[cfg(not(feature = "embedded"))]
impl<'de> serde::Deserialize<'de> for Embedded {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom(told("what the embedded services are told here", "embedded")))
    }
}
