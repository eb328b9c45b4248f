//! Rows of inputs and what jsonata 2.0.6 makes of them.
