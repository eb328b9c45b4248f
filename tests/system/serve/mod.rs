//! `asl serve`: what other programs see of it, and what survives its end.

mod article;
mod crash;
mod guard;
mod recorded;
mod verbs;
