//! The arguments of `asl data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Look at, seed and empty what the embedded services keep
#[derive(Debug, Args)]
#[command(after_help = "\
Things are named as URLs: s3://BUCKET/KEY, dynamodb://TABLE, sqs://QUEUE, sns://TOPIC, events://BUS.

Exit codes:
  0    done
  2    the command line is wrong, there is no such thing, or a file cannot be read
  3    the routing file is invalid")]
pub(crate) struct Data {
    #[command(subcommand)]
    pub(crate) action: DataAction,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl", global = true)]
    pub(crate) data: PathBuf,

    /// The routing file, whose tables, buckets and queues are there; without it, `routes.toml` where there is one
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) routes: Option<PathBuf>,

    /// Print what is listed as a JSON array
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataAction {
    /// List buckets, tables, queues, topics and buses, or what one of them has
    Ls {
        /// `s3://BUCKET/PREFIX` or another URL; without it, everything
        #[arg(value_name = "URL")]
        url: Option<String>,
    },
    /// Print an object, or the items, messages, notifications or events as JSON, one on a line
    Cat {
        /// `s3://BUCKET/KEY` or another URL
        #[arg(value_name = "URL")]
        url: String,
    },
    /// Store an object, items of a table (JSON: one, a list, or one on a line), or send a message
    Put {
        /// `s3://BUCKET/KEY`, `dynamodb://TABLE` or `sqs://QUEUE`; a key that ends with `/` is where a file or a folder goes
        #[arg(value_name = "URL")]
        url: String,

        /// A file, or `-` for stdin; for `s3://` also a folder
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Remove an object, all objects of a prefix that ends with `/`, a bucket, a table, a queue, notifications or events
    Rm {
        /// `s3://BUCKET/KEY` or another URL
        #[arg(value_name = "URL", required_unless_present = "all")]
        url: Option<String>,

        /// Everything that the services keep
        #[arg(long, conflicts_with = "url")]
        all: bool,
    },
}
