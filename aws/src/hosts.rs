//! The host that a service has in a region of AWS, by the rules that AWS publishes.
//!
//! `api-models/generate.py` makes the data from the rules, and says how it is written.

use crate::model::Service;

const HOSTS: &str = include_str!("../api-models/hosts.txt");

/// A host of AWS.
#[derive(Debug, PartialEq)]
pub(crate) struct Host {
    /// Its name, and for some services a path.
    pub(crate) name: String,
    /// The region that its requests are signed for.
    pub(crate) region: String,
}

/// A part of AWS that has nothing in common with the others: accounts, domain, global services.
struct Partition {
    name: &'static str,
    domain: &'static str,
    /// The domain of the hosts that speak IPv6 too.
    dual_stack_domain: &'static str,
    /// Where the services are that have one host for all regions.
    global_region: &'static str,
}

/// The host of `service` for `region`; none where AWS has none.
pub(crate) fn host(service: &Service, region: &str, fips: bool, dual_stack: bool) -> Option<Host> {
    let partition = partition(region)?;
    let how = match (fips, dual_stack) {
        (false, false) => "-",
        (false, true) => "dual",
        (true, false) => "fips",
        (true, true) => "fipsdual",
    };
    let exception = HOSTS.lines().rev().find_map(|line| {
        let mut words = line.strip_prefix(service.name)?.strip_prefix(' ')?.split(' ');
        let (place, kind, template) = (words.next()?, words.next()?, words.next()?);
        (kind == how && [region, partition.name, "*"].contains(&place)).then_some(template)
    });
    let usual = || {
        let (fips, domain) = (if fips { "-fips" } else { "" }, if dual_stack { "{6}" } else { "{d}" });
        format!("{}{fips}.{{r}}.{domain}", service.host)
    };
    let template = exception.map_or_else(usual, str::to_owned);
    if template == "-" {
        return None;
    }
    let text = template
        .replace("{r}", region)
        .replace("{d}", partition.domain)
        .replace("{6}", partition.dual_stack_domain)
        .replace("{a}", partition.global_region);
    let (name, region) = text.split_once('@').unwrap_or((&text, region));
    Some(Host { name: name.to_owned(), region: region.to_owned() })
}

/// The partition of a region, that of most regions where no other has it.
fn partition(region: &str) -> Option<Partition> {
    let mut lines = HOSTS.lines().map_while(|line| line.strip_prefix('*'));
    let mut most = None;
    let nearest = lines.find_map(|line| {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (name, start) = (word()?, word()?);
        let (domain, dual_stack_domain, global_region) = (word()?, word()?, word()?);
        let partition = Partition { name, domain, dual_stack_domain, global_region };
        if start == "*" {
            most = Some(partition);
            return None;
        }
        region.starts_with(start).then_some(partition)
    });
    nearest.or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_as_aws_publishes_them() {
        for (service, region, fips, dual_stack, expected) in [
            ("dynamodb", "eu-west-1", false, false, "dynamodb.eu-west-1.amazonaws.com"),
            ("dynamodb", "eu-west-1", true, false, "dynamodb-fips.eu-west-1.amazonaws.com"),
            ("dynamodb", "eu-west-1", false, true, "dynamodb.eu-west-1.api.aws"),
            ("dynamodb", "cn-north-1", false, false, "dynamodb.cn-north-1.amazonaws.com.cn"),
            ("dynamodb", "us-gov-west-1", true, false, "dynamodb.us-gov-west-1.amazonaws.com"),
            ("dynamodb", "mars-north-1", false, false, "dynamodb.mars-north-1.amazonaws.com"),
            ("sqs", "us-iso-east-1", false, false, "sqs.us-iso-east-1.c2s.ic.gov"),
            ("sfn", "us-gov-east-1", true, false, "states-fips.us-gov-east-1.amazonaws.com"),
            ("sfn", "us-gov-west-1", true, false, "states.us-gov-west-1.amazonaws.com"),
            ("kms", "ca-central-1", true, true, "kms-fips.ca-central-1.api.aws"),
            ("secretsmanager", "us-east-1", false, true, "secretsmanager.us-east-1.amazonaws.com"),
            ("applicationsignals", "eu-west-1", false, false, "application-signals.eu-west-1.api.aws"),
        ] {
            let found = host(Service::find(service).unwrap(), region, fips, dual_stack).unwrap();
            assert_eq!(found, Host { name: expected.to_owned(), region: region.to_owned() });
        }
    }

    #[test]
    fn global_services_are_signed_for_their_region() {
        for (service, region, expected, signed) in [
            ("iam", "eu-west-1", "iam.amazonaws.com", "us-east-1"),
            ("iam", "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            ("account", "cn-north-1", "account.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        ] {
            let found = host(Service::find(service).unwrap(), region, false, false);
            assert_eq!(found, Some(Host { name: expected.to_owned(), region: signed.to_owned() }));
        }
    }

    #[test]
    fn there_are_hosts_that_aws_does_not_have() {
        let s3 = Service::find("s3").unwrap();
        assert_eq!(host(s3, "cn-north-1", true, false), None);
        for service in crate::model::all() {
            assert!(partition("eu-west-1").is_some() && !service.id.is_empty(), "{}", service.name);
        }
    }
}
