//! A state machine drawn: [Mermaid](Chart::mermaid), [DOT](Chart::dot) and [SVG](Chart::svg), or [told](Chart::to_json) to whoever draws it,
//! with [where everything is](Chart::drawing) if asked.
//!
//! A [`Chart`] is what a drawing shows of a program: its states with what they do, and what leads from one to another. [`Marks`] on
//! it say what was reached, how often and how it ended: those of one execution come from its [history], those of many tests
//! from whoever counts them. Nothing here reads files or clocks; the same chart is always drawn the same.
//!
//! ```
//! use asl_engine::Program;
//! use asl_graph::{Chart, Mark, Marks, Status};
//!
//! let program = Program::parse(r#"{"StartAt": "Is it paid?", "States": {
//!     "Is it paid?": {"Type": "Choice", "Default": "Remind", "Choices": [
//!         {"Variable": "$.paid", "BooleanEquals": true, "Next": "Send"}
//!     ]},
//!     "Send": {"Type": "Succeed"},
//!     "Remind": {"Type": "Fail", "Error": "NotPaid"}
//! }}"#).unwrap();
//! assert_eq!(Chart::new(&program).mermaid(), r#"flowchart TD
//!     start0((" "))
//!     s0{{"<b>Is it paid?</b><br/>Choice"}}
//!     s1(["<b>Send</b><br/>Succeed"])
//!     s2(["<b>Remind</b><br/>Fail · NotPaid"])
//!     end0(((" ")))
//!     start0 --> s0
//!     s0 -->|"$.paid == true"| s1
//!     s0 -->|"Default"| s2
//!     s1 --> end0
//!     classDef failing stroke:#cf222e,stroke-width:2px
//!     class s2 failing
//! "#);
//!
//! let mut marks = Marks::default();
//! let start = program.model().scopes()[0].start;
//! marks.mark_state(start, Mark { status: Status::Succeeded, count: 2, millis: None });
//! assert!(Chart::new(&program).with_marks(marks).svg(Default::default()).contains("✓ succeeded · 2×"));
//! ```

mod chart;
mod condition;
mod data;
mod describe;
mod dot;
mod drawing;
pub mod history;
mod layout;
mod marks;
mod mermaid;
mod svg;
mod xml_text;

pub use chart::Chart;
pub use marks::{Mark, Marks, Status};
pub use svg::Theme;
pub use svg::timeline::{Bar, BarKind, Timeline, TimelineRow};
pub use xml_text::xml_text;
