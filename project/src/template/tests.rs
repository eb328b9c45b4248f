use std::fs;

use asl_engine::CheckOptions;

use super::*;
use crate::definitions::{DefinitionError, DefinitionName};
use crate::substitutions::Substitution;

/// The definitions of a template, with these other files beside it.
fn read(argument: &str, text: &str, beside: &[(&str, &str)]) -> Result<Vec<Definition>, DefinitionError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = argument.split('#').next().expect("a name");
    for (name, text) in beside.iter().chain([&(file, text)]) {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let given: Substitutions = ["Given=from-outside".parse::<Substitution>().expect("a value")].into_iter().collect();
    DefinitionName::from(&*folder.path().join(argument)).read_all(&given)
}

fn json(argument: &str, text: &str) -> Vec<(String, String)> {
    let definitions = read(argument, text, &[]).expect("definitions");
    definitions.iter().map(|it| (it.name(), it.json().expect("JSON").to_owned())).collect()
}

const SAM: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: test}
  Secret: {Type: String}
Mappings:
  Sizes: {test: {max: 5}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Resize: {Type: AWS::Serverless::Function, Properties: {Handler: app.handler}}
  Named: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Sub '${Stage}-named'}}
  Failed: {Type: AWS::SNS::Topic}
  Jobs: {Type: AWS::SQS::Queue}
  Pictures: {Type: AWS::S3::Bucket}
  Other: {Type: AWS::Glue::Job}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition:
        StartAt: A
        States:
          A:
            Type: Pass
            Result:
              - !Ref Resize
              - !GetAtt Resize.Arn
              - Fn::GetAtt: [Named, Arn]
              - !Ref Failed
              - !GetAtt Failed.TopicName
              - !Ref Jobs
              - !GetAtt Jobs.Arn
              - !Ref Pictures
              - !Ref Stage
              - !Ref Secret
              - !Ref Other
              - !GetAtt Other.Arn
              - !Sub 'arn:${AWS::Partition}:s3:::${Pictures}/${!Literal}/${Unknown}'
              - !Sub ['${A}-${Stage}', {A: !Ref Given}]
              - !Join ['/', [a, !Ref Stage]]
              - !FindInMap [Sizes, !Ref Stage, max]
              - !Select [1, !Split [',', 'x,y']]
              - !If [IsProd, yes it is, no it is not]
              - !Ref AWS::NoValue
              - !Base64 x
            End: true
"#;

#[test]
fn functions_give_what_the_template_decides() {
    let expected = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":["Resize","arn:aws:lambda:us-east-1:000000000000:function:Resize","arn:aws:lambda:us-east-1:000000000000:function:test-named","arn:aws:sns:us-east-1:000000000000:Failed","Failed","https://sqs.us-east-1.amazonaws.com/000000000000/Jobs","arn:aws:sqs:us-east-1:000000000000:Jobs","pictures","test","${Secret}","${Other}","${Other.Arn}","arn:aws:s3:::pictures/${Literal}/${Unknown}","from-outside-test","a/test",5,"y","no it is not","${Base64}"],"End":true}}}"#;
    assert_eq!(json("template.yaml", SAM), [("Machine".to_owned(), expected.to_owned())]);
}

#[test]
fn resources_are_where_the_stack_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.yaml");
    fs::write(&file, SAM).expect("a file");
    let there = ["AWS::Region=eu-west-1", "AWS::AccountId=1"].map(|one| one.parse::<Substitution>().expect("a value"));
    let definition = DefinitionName::from(&*file).read(&there.into_iter().collect()).expect("a definition");
    let json = definition.json().expect("JSON");
    for expected in ["arn:aws:lambda:eu-west-1:1:function:Resize", "https://sqs.eu-west-1.amazonaws.com/1/Jobs"] {
        assert!(json.contains(expected), "{json}");
    }
}

#[test]
fn findings_point_into_the_template() {
    let wrong = SAM.replace("            End: true\n", "            Ned: true\n");
    let definition = read("template.yaml#Machine", &wrong, &[]).expect("a definition").remove(0);
    let found = definition.check(CheckOptions { placeholders: true, ..CheckOptions::default() });
    let shown: Vec<&str> = found.iter().map(|found| &definition.text()[found.span.start..found.span.end]).collect();
    assert!(shown.contains(&"Ned"), "{found:?}");
}

/// A text with a definition in each of the ways in which a template holds one, and where `Hi` stands in the template.
#[test]
fn a_definition_as_text_has_its_places_in_the_template() {
    let yaml = |value: &str| {
        format!(
            "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      DefinitionString: {value}\n"
        )
    };
    let json_template = |value: &str| {
        format!(
            r#"{{"Resources": {{"M": {{"Type": "AWS::StepFunctions::StateMachine", "Properties": {{"DefinitionString": {value}}}}}}}}}"#
        )
    };
    for (file, text) in [
        ("t.yaml", yaml("|\n        {\"StartAt\": \"Hi\",\n         \"Comment\": \"${Given}\"}")),
        ("t.yaml", yaml("!Sub |\n        {\"StartAt\": \"Hi\",\n         \"Comment\": \"${Given}\"}")),
        ("t.yaml", yaml("!Sub\n        - '{\"StartAt\": \"Hi\", \"Comment\": \"${X}\"}'\n        - X: !Ref Given")),
        ("t.yaml", yaml("\n        Fn::Sub: '{\"StartAt\": \"Hi\", \"Comment\": \"${Given}\"}'")),
        ("t.json", json_template(r#""{\"StartAt\": \"Hi\",\n \"Comment\": \"${Given}\"}""#)),
        (
            "t.json",
            json_template(r#"{"Fn::Join": ["", ["{\"StartAt\": \"Hi\", \"Comment\": \"", {"Ref": "Given"}, "\"}"]]}"#),
        ),
        (
            "t.json",
            json_template("{\n\t\"Fn::Sub\": \"{\\\"StartAt\\\": \\\"Hi\\\", \\\"Comment\\\": \\\"${Given}\\\"}\"\n}"),
        ),
    ] {
        let definition = read(file, &text, &[]).expect("a definition").remove(0);
        let json = definition.json().expect("JSON");
        let value: asl_engine::Value = json.parse().unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(value["Comment"], "from-outside".into(), "{text}");
        let start = json.find("Hi").expect("it is there");
        let place = definition.place(asl_engine::Span { start, end: start + 2 });
        assert_eq!(&definition.text()[place.start..place.end], "Hi", "{text}");
    }
}

#[test]
fn definitions_in_files_of_their_own_are_read_with_their_substitutions() {
    let template = r"
Resources:
  Work: {Type: AWS::Serverless::Function}
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: ./m.asl.json
      DefinitionSubstitutions: {WorkArn: !GetAtt Work.Arn, Max: 3, Open: !Ref Elsewhere}
";
    let text = r#"{"StartAt": "${WorkArn}", "Max": ${Max}, "Open": "${Open}"}"#;
    let definition = read("t.yaml", template, &[("m.asl.json", text)]).expect("a definition").remove(0);
    let expected =
        r#"{"StartAt": "arn:aws:lambda:us-east-1:000000000000:function:Work", "Max": 3, "Open": "${Elsewhere}"}"#;
    assert_eq!(definition.json().expect("JSON"), expected);
    assert_eq!((definition.name().as_str(), definition.text()), ("M", text));
    assert!(definition.file().ends_with("m.asl.json"));
}

#[test]
fn serverless_yml_has_state_machines() {
    let text = r"
service: shop
custom: {stage: dev}
functions:
  hello: {handler: app.hello}
stepFunctions:
  stateMachines:
    inline:
      name: x
      definition:
        StartAt: A
        States: {A: {Type: Task, Resource: {Fn::GetAtt: [hello, Arn]}, Comment: '${self:custom.stage}', End: true}}
    file:
      definition: ${file(m.yml)}
";
    let definitions = read("serverless.yml", text, &[("m.yml", "StartAt: A")]).expect("definitions");
    let found: Vec<_> = definitions.iter().map(|it| (it.name(), it.json().expect("JSON").to_owned())).collect();
    let inline = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:hello","Comment":"dev","End":true}}}"#;
    let expected = [("inline", inline), ("file", r#"{"StartAt":"A"}"#)];
    assert_eq!(found, expected.map(|(name, json)| (name.to_owned(), json.to_owned())));
}

#[test]
fn what_cannot_be_had_is_told_by_its_cause() {
    let machine = |name: &str, properties: &str| {
        format!("  {name}: {{Type: AWS::StepFunctions::StateMachine, Properties: {{{properties}}}}}\n")
    };
    let all = |machines: &[String]| format!("Resources:\n{}", machines.concat());
    let one = all(&[machine("M", "DefinitionString: '{}'")]);
    for (argument, text, expected) in [
        ("t.yaml#N", one.as_str(), "t.yaml has no state machine 'N'"),
        (
            "t.json#N",
            r#"{"StartAt": "A"}"#,
            "t.json has neither state machines nor distributed Map states that could be named",
        ),
        ("t.yaml", &all(&[machine("M", "RoleArn: x")]), "the state machine 'M' of F has no definition"),
        (
            "t.yaml",
            &all(&[machine("M", "DefinitionS3Location: {Bucket: b}")]),
            "the state machine 'M' of F has its definition in S3, not in a file here",
        ),
        (
            "t.yaml",
            &all(&[machine("M", "DefinitionS3Location: no/m.json")]),
            "no/m.json, the definition of 'M' in F: No such file or directory (os error 2)",
        ),
    ] {
        let error = read(argument, text, &[]).expect_err("it cannot be had").to_string();
        let folder = error.split(['/', ' ']).find(|part| part.starts_with(".tmp")).expect("a temporary folder");
        let file = argument.split('#').next().expect("a name");
        let at = error.find(folder).expect("it was found");
        let start = error[..at].rfind(' ').map_or(0, |space| space + 1);
        let plain = error.replace(
            &format!("{}{folder}/{file}", &error[start..at]),
            if expected.contains(" F") { "F" } else { file },
        );
        assert!(plain.ends_with(expected), "{plain}");
    }
    let both = all(&[machine("M", "DefinitionString: '{}'"), machine("N", "DefinitionString: '{}'")]);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.yaml"), both).expect("a file");
    let error = DefinitionName::from(&*folder.path().join("t.yaml")).read(&Substitutions::default());
    let Err(DefinitionError::Template(TemplateError::Several { known, .. })) = error else { panic!("{error:?}") };
    assert_eq!(known, ["M", "N"]);
}

#[test]
fn functions_that_name_themselves_end() {
    let text = "
Conditions: {A: !Condition B, B: !Condition A}
Resources:
  L: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Ref L}}
  M:
    Type: AWS::StepFunctions::StateMachine
    Properties: {Definition: {StartAt: !Ref L, Comment: !If [A, x, y]}}
";
    assert_eq!(json("t.yaml", text)[0].1, r#"{"StartAt":"L","Comment":"x"}"#);
}
