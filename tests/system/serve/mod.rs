//! `asl serve`: what other programs see of it, and what survives its end.

mod article;
mod clients;
mod console;
mod crash;
mod disk;
mod folders;
mod guard;
mod guide;
mod operations;
mod page;
mod recorded;
mod s3;
mod services;
mod top;
mod verbs;
