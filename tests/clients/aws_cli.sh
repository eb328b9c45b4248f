#!/usr/bin/env bash
# Drives a server of the Step Functions API with the AWS CLI: aws_cli.sh URL
#
# ASL_AWS_CLI names the program; without it, it is `aws` of the PATH. Compares what comes back with what AWS answers, and removes
# what it made. Ends at the first difference, with a message.
set -euo pipefail

[[ $# == 1 ]] || { echo 'usage: aws_cli.sh URL' >&2; exit 2; }
aws="${ASL_AWS_CLI:-aws}"

# Settings of whoever runs this do not reach the CLI.
for name in "${!AWS_@}"; do unset "$name"; done
export AWS_ENDPOINT_URL="$1" AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER= AWS_MAX_ATTEMPTS=1
# Otherwise start-sync-execution and test-state go to the host sync-127.0.0.1, which there is not.
export AWS_DISABLE_HOST_PREFIX_INJECTION=true

role=arn:aws:iam::000000000000:role/any
patience=60 # seconds that anything may take that is waited for
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
suffix="$(od -An -N5 -tx1 /dev/urandom | tr -d ' \n')"

differs() {
    printf 'the AWS CLI: after %s calls: %s\n' "$(calls)" "$1" >&2
    exit 1
}

# Calls are made in subshells, too: each adds a byte to a file.
calls() { wc -c <"$work/calls" | tr -d ' '; }
: >"$work/calls"

# sfn OPERATION ARGUMENT… prints the answer: JSON, or what `--query` gives as text.
sfn() {
    printf . >>"$work/calls"
    local output=json
    [[ " $* " == *' --query '* ]] && output=text
    "$aws" stepfunctions "$@" --output "$output" --cli-read-timeout 70 2>"$work/stderr" || {
        cat "$work/stderr" >&2
        return 1
    }
}

# same WHAT GOT WANTED
same() {
    [[ "$2" == "$3" ]] || differs "$1: got '$2', wanted '$3'"
}

# is WHAT WANTED OPERATION ARGUMENT… : what a call prints, with white space between its parts as one blank.
is() {
    local what="$1" wanted="$2" got
    shift 2
    got="$(sfn "$@" | tr -s '[:space:]' ' ')" || differs "$what: the call fails: $*"
    same "$what" "${got% }" "$wanted"
}

# refused CODE TEXT OPERATION ARGUMENT… : the call is refused with this error, whose message has this text.
refused() {
    local code="$1" message="$2" got
    shift 2
    if got="$(sfn "$@" 2>&1)"; then
        differs "$*: got '$got', wanted the error $code"
    fi
    [[ "$got" == *"($code)"* && "$got" == *"$message"* ]] || differs "$*: got '$got', wanted $code: $message"
}

# ended EXECUTION STATUS : waits until it has ended, as it has to.
ended() {
    local status until=$((SECONDS + patience))
    while status="$(sfn describe-execution --execution-arn "$1" --query status)" && [[ "$status" == RUNNING ]]; do
        ((SECONDS < until)) || differs "$1 does not end"
    done
    same "status of $1" "$status" "$2"
}

machines=()

# create STEM DEFINITION ARGUMENT… : makes a state machine; its ARN is in `made`.
create() {
    local stem="$1" definition="$2"
    shift 2
    made="$(sfn create-state-machine --name "$stem-$suffix" --role-arn "$role" --definition "$definition" "$@" \
        --query stateMachineArn)" || differs "create-state-machine $stem fails"
    same 'ARN of a state machine' "${made##*:}" "$stem-$suffix"
    machines+=("$made")
}

# start ARN ARGUMENT… : starts an execution; its ARN is in `started`.
start() {
    local arn="$1"
    shift
    started="$(sfn start-execution --state-machine-arn "$arn" "$@" --query executionArn)" ||
        differs "start-execution $arn fails"
}

# State machines.
doubles='{"StartAt":"D","States":{"D":{"Type":"Pass","Parameters":{"doubled.$":"States.MathAdd($.n, $.n)"},"Next":"E"},"E":{"Type":"Succeed"}}}'
create double "$doubles"
double="$made"
is 'describe-state-machine' "double-$suffix ACTIVE STANDARD $role OFF AWS_OWNED_KEY" describe-state-machine \
    --state-machine-arn "$double" \
    --query '[name, status, type, roleArn, loggingConfiguration.level, encryptionConfiguration.type]'
is 'the definition' "$doubles" describe-state-machine --state-machine-arn "$double" --query definition
is 'creating the same again' "$double" create-state-machine --name "double-$suffix" --role-arn "$role" \
    --definition "$doubles" --query stateMachineArn
refused StateMachineAlreadyExists "State Machine Already Exists: '$double'" create-state-machine \
    --name "double-$suffix" --role-arn "$role" --definition "$doubles "
refused InvalidDefinition 'SCHEMA_VALIDATION_FAILED: These fields are required: [StartAt] at /' create-state-machine \
    --name "none-$suffix" --role-arn "$role" --definition '{"States":{"P":{"Type":"Pass","End":true}}}'
refused StateMachineDoesNotExist "State Machine Does Not Exist: '$double-not'" describe-state-machine \
    --state-machine-arn "$double-not"
refused InvalidArn "Invalid Arn: 'Invalid ARN prefix: x'" describe-state-machine --state-machine-arn x

# Executions and their histories.
start "$double" --name "once-$suffix" --input '{"n": 21}'
once="$started"
same 'ARN of an execution' "$once" "${double/:stateMachine:/:execution:}:once-$suffix"
ended "$once" SUCCEEDED
is 'describe-execution' "{\"n\": 21} {\"doubled\":42} 0 NOT_REDRIVABLE" describe-execution --execution-arn "$once" \
    --query '[input, output, redriveCount, redriveStatus]'
refused ExecutionAlreadyExists "Execution Already Exists: '$once'" start-execution --state-machine-arn "$double" \
    --name "once-$suffix" --input '{"n": 22}'
refused InvalidExecutionInput '' start-execution --state-machine-arn "$double" --input '{'
steps='1 0 ExecutionStarted 2 0 PassStateEntered 3 2 PassStateExited 4 3 SucceedStateEntered 5 4 SucceedStateExited 6 5 ExecutionSucceeded'
query='events[].[id, previousEventId, type]'
# The CLI asks for page after page.
is 'the history in pages' "$steps" get-execution-history --execution-arn "$once" --page-size 2 --query "$query"
is 'a page' '1 2' get-execution-history --execution-arn "$once" --no-paginate --max-results 2 --query 'events[].id'
is 'the history from its end' '6 5 4 3 2 1' get-execution-history --execution-arn "$once" --reverse-order \
    --page-size 4 --query 'events[].id'
is 'a history without data' None get-execution-history --execution-arn "$once" --no-include-execution-data \
    --query 'events[0].executionStartedEventDetails.input'
is 'describe-state-machine-for-execution' "$double $doubles" describe-state-machine-for-execution \
    --execution-arn "$once" --query '[stateMachineArn, definition]'
refused ExecutionDoesNotExist "Execution Does Not Exist: '$once-not'" describe-execution --execution-arn "$once-not"

# Stop and redrive.
create waiting '{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}'
waiting="$made"
start "$waiting" --name "stopped-$suffix"
stopped="$started"
is 'redrive of what runs' 'RUNNING NOT_REDRIVABLE None' describe-execution --execution-arn "$stopped" \
    --query '[status, redriveStatus, stopDate]'
refused ExecutionNotRedrivable '' redrive-execution --execution-arn "$stopped"
sfn stop-execution --execution-arn "$stopped" --error Enough --cause 'of it' >/dev/null
ended "$stopped" ABORTED
is 'how it was stopped' 'Enough of it REDRIVABLE' describe-execution --execution-arn "$stopped" \
    --query '[error, cause, redriveStatus]'
is 'the last event' 'ExecutionAborted 0 Enough' get-execution-history --execution-arn "$stopped" --reverse-order \
    --no-paginate --max-results 1 --query 'events[0].[type, previousEventId, executionAbortedEventDetails.error]'
sfn redrive-execution --execution-arn "$stopped" >/dev/null
is 'a redriven execution' 'RUNNING 1 None' describe-execution --execution-arn "$stopped" \
    --query '[status, redriveCount, stopDate]'
is 'executions that were redriven' "$stopped" list-executions --state-machine-arn "$waiting" \
    --redrive-filter REDRIVEN --query 'executions[].executionArn'
sfn stop-execution --execution-arn "$stopped" >/dev/null
ended "$stopped" ABORTED

# Versions and aliases.
is 'the first version' "$double:1" publish-state-machine-version --state-machine-arn "$double" \
    --description 'the first' --query stateMachineVersionArn
triples='{"StartAt":"T","States":{"T":{"Type":"Pass","Parameters":{"tripled":true},"End":true}}}'
is 'the second version' "$double:2" update-state-machine --state-machine-arn "$double" --definition "$triples" \
    --publish --query stateMachineVersionArn
is 'a version' "$doubles the first" describe-state-machine --state-machine-arn "$double:1" \
    --query '[definition, description]'
is 'versions, the newest first' "$double:2 $double:1" list-state-machine-versions --state-machine-arn "$double" \
    --query 'stateMachineVersions[].stateMachineVersionArn'
refused MissingRequiredParameter 'Either the definition, the role ARN' update-state-machine --state-machine-arn "$double"
# routing WEIGHT WEIGHT
routing() {
    printf '%s\n' "stateMachineVersionArn=$double:1,weight=$1" "stateMachineVersionArn=$double:2,weight=$2"
}
is 'ARN of an alias' "$double:live" create-state-machine-alias --name live \
    --routing-configuration $(routing 0 100) --query stateMachineAliasArn
refused ValidationException 'Sum of routing configuration weights must equal 100. Received: [70, 29]' \
    create-state-machine-alias --name other --routing-configuration $(routing 70 29)
query='[stateMachineVersionArn, stateMachineAliasArn, output]'
start "$double:live" --input '{"n":1}'
ended "$started" SUCCEEDED
is 'what an alias has started' "$double:2 $double:live {\"tripled\":true}" describe-execution \
    --execution-arn "$started" --query "$query"
sfn update-state-machine-alias --state-machine-alias-arn "$double:live" --routing-configuration $(routing 100 0) >/dev/null
start "$double:live" --input '{"n":1}'
ended "$started" SUCCEEDED
is 'what a changed alias has started' "$double:1 $double:live {\"doubled\":2}" describe-execution \
    --execution-arn "$started" --query "$query"
is 'an alias' "live $double:1 100 $double:2 0" describe-state-machine-alias --state-machine-alias-arn "$double:live" \
    --query '[name, routingConfiguration[].[stateMachineVersionArn, weight][]][]'
is 'aliases' "$double:live" list-state-machine-aliases --state-machine-arn "$double" \
    --query 'stateMachineAliases[].stateMachineAliasArn'
refused ConflictException 'Current list of aliases referencing this version: [live]' delete-state-machine-version \
    --state-machine-version-arn "$double:1"
is 'delete-state-machine-alias' '' delete-state-machine-alias --state-machine-alias-arn "$double:live"
refused ResourceNotFound '' describe-state-machine-alias --state-machine-alias-arn "$double:live"
is 'delete-state-machine-version' '' delete-state-machine-version --state-machine-version-arn "$double:1"

# Lists. What a query gives of each page is printed after another.
is 'state machines' "double-$suffix waiting-$suffix" list-state-machines --page-size 1 \
    --query "stateMachines[?ends_with(name, '-$suffix')].name"
is 'executions' 'SUCCEEDED SUCCEEDED SUCCEEDED' list-executions --state-machine-arn "$double" --page-size 1 \
    --query 'executions[].status'
is 'executions of a status' "$stopped" list-executions --state-machine-arn "$waiting" --status-filter ABORTED \
    --query 'executions[].executionArn'

# Tags.
create tagged "$doubles" --tags key=team,value=blue
sfn tag-resource --resource-arn "$made" --tags key=stage,value=test >/dev/null
sfn untag-resource --resource-arn "$made" --tag-keys team unknown >/dev/null
is 'tags' 'stage test' list-tags-for-resource --resource-arn "$made" --query 'tags[].[key, value]'

# An activity, and tokens of its tasks.
activity="$(sfn create-activity --name "work-$suffix" --query activityArn)" || differs 'create-activity fails'
is 'describe-activity' "work-$suffix AWS_OWNED_KEY" describe-activity --activity-arn "$activity" \
    --query '[name, encryptionConfiguration.type]'
is 'activities' "$activity" list-activities --query "activities[?ends_with(name, '-$suffix')].activityArn"
create worker "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Task\",\"Resource\":\"$activity\",\"End\":true}}}"
start "$made" --input '{"job":7}'
worked="$started"
read -r input token < <(sfn get-activity-task --activity-arn "$activity" --worker-name one --query '[input, taskToken]')
same 'input of a task' "$input" '{"job":7}'
is 'send-task-heartbeat' '' send-task-heartbeat --task-token "$token"
is 'send-task-failure' '' send-task-failure --task-token "$token" --error Broken
ended "$worked" FAILED
refused TaskTimedOut 'Provided task does not exist anymore' send-task-success --task-token "$token" --task-output 1
sfn redrive-execution --execution-arn "$worked" >/dev/null
token="$(sfn get-activity-task --activity-arn "$activity" --query taskToken)"
is 'send-task-success' '' send-task-success --task-token "$token" --task-output '{"done":7}'
ended "$worked" SUCCEEDED
is 'an execution that was redriven' '{"done":7} 1' describe-execution --execution-arn "$worked" \
    --query '[output, redriveCount]'
refused InvalidToken "Invalid Token: 'Invalid token'" send-task-heartbeat --task-token 'no token at all'

# Map Runs.
# distributed STATE MORE
distributed() {
    printf '{"StartAt":"M","States":{"M":{"Type":"Map","Label":"All",%s"End":true,"ItemProcessor":{"ProcessorConfig":' "$2"
    printf '{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"S","States":{"S":%s}}}}}' "$1"
}
create map "$(distributed '{"Type":"Pass","End":true}' '')"
start "$made" --input '[1,2,3]'
ended "$started" SUCCEEDED
is 'output of a Map Run' '[1,2,3]' describe-execution --execution-arn "$started" --query output
run="$(sfn list-map-runs --execution-arn "$started" --query 'mapRuns[].mapRunArn')" || differs 'list-map-runs fails'
is 'describe-map-run' 'SUCCEEDED 3 3 3' describe-map-run --map-run-arn "$run" \
    --query '[status, itemCounts.total, itemCounts.succeeded, executionCounts.succeeded]'
is 'children' "3 $made/All" list-executions --map-run-arn "$run" \
    --query '[length(executions), executions[0].stateMachineArn]'
refused ValidationException '' update-map-run --map-run-arn "$run" --max-concurrency 2
create slow-map "$(distributed '{"Type":"Wait","Seconds":3600,"End":true}' '"MaxConcurrency":1,')"
start "$made" --input '[1,2,3,4]'
# running COUNT : waits until so many children run.
running() {
    local until=$((SECONDS + patience))
    while [[ "$(sfn describe-map-run --map-run-arn "$run" --query executionCounts.running)" != "$1" ]]; do
        ((SECONDS < until)) || differs "$1 children of $run do not run"
    done
}
run=None until=$((SECONDS + patience))
while run="$(sfn list-map-runs --execution-arn "$started" --query 'mapRuns[0].mapRunArn')" && [[ "$run" == None ]]; do
    ((SECONDS < until)) || differs "$started has no Map Run"
done
running 1
is 'update-map-run' '' update-map-run --map-run-arn "$run" --max-concurrency 3 --tolerated-failure-percentage 12.5 \
    --tolerated-failure-count 2
running 3
is 'a changed Map Run' 'RUNNING 3 12.5 2' describe-map-run --map-run-arn "$run" \
    --query '[status, maxConcurrency, toleratedFailurePercentage, toleratedFailureCount]'
sfn stop-execution --execution-arn "$started" >/dev/null
ended "$started" ABORTED
is 'a Map Run whose execution is stopped' ABORTED describe-map-run --map-run-arn "$run" --query status

# An Express state machine.
create quick "$doubles" --type EXPRESS
is 'start-sync-execution' "$made now SUCCEEDED {\"doubled\":4}" start-sync-execution --state-machine-arn "$made" \
    --name now --input '{"n":2}' --query '[stateMachineArn, name, status, output]'
is 'one that fails' 'FAILED None' start-sync-execution --state-machine-arn "$made" --input '{}' \
    --query '[status, output]'
refused StateMachineTypeNotSupported 'This operation is not supported by this type of state machine' \
    start-sync-execution --state-machine-arn "$double"
start "$made" --input '{"n":2}'
refused InvalidArn 'Resource type not valid in this context: express' describe-execution --execution-arn "$started"

# States and definitions.
is 'test-state' 'SUCCEEDED {"b":1} N {"b":1}' test-state --input '{"a":1}' --inspection-level DEBUG \
    --definition '{"Type":"Pass","Parameters":{"b.$":"$.a"},"Next":"N"}' \
    --query '[status, output, nextState, inspectionData.afterParameters]'
is 'a valid definition' 'OK 0' validate-state-machine-definition --definition "$doubles" \
    --query '[result, length(diagnostics)]'
is 'an empty definition' 'FAIL / These fields are required: [States, StartAt]' validate-state-machine-definition \
    --definition '{}' --query '[result, diagnostics[0].location, diagnostics[0].message]'

# All of it goes.
for arn in "${machines[@]}"; do
    is 'delete-state-machine' '' delete-state-machine --state-machine-arn "$arn"
done
is 'delete-activity' '' delete-activity --activity-arn "$activity"
refused ActivityDoesNotExist "Activity Does Not Exist: '$activity'" describe-activity --activity-arn "$activity"
refused StateMachineDoesNotExist "State Machine Does Not Exist: '$double'" start-execution --state-machine-arn "$double"

echo "ok: $(calls) calls"
