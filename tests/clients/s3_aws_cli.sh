#!/usr/bin/env bash
# Drives a server of the S3 API with the AWS CLI: s3_aws_cli.sh URL
#
# ASL_AWS_CLI names the program; without it, it is `aws` of the PATH. Uses the commands of `aws s3` as people do, and some of
# `aws s3api`. Compares what comes back with what AWS answers, and removes what it made. Ends at the first difference, with a message.
set -euo pipefail

[[ $# == 1 ]] || { echo 'usage: s3_aws_cli.sh URL' >&2; exit 2; }
aws="${ASL_AWS_CLI:-aws}"

# Settings of whoever runs this do not reach the CLI.
for name in "${!AWS_@}"; do unset "$name"; done
export AWS_ENDPOINT_URL="$1" AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER= AWS_MAX_ATTEMPTS=1

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
: >"$work/calls"

differs() {
    printf 'the AWS CLI: after %s calls: %s\n' "$(wc -c <"$work/calls" | tr -d ' ')" "$1" >&2
    exit 1
}

# same WHAT GOT WANTED
same() {
    [[ "$2" == "$3" ]] || differs "$1: got '$2', wanted '$3'"
}

s3() {
    printf . >>"$work/calls"
    "$aws" s3 "$@"
}

# api OPERATION ARGUMENT… prints what `--query` gives as text, its parts with one blank between them.
api() {
    printf . >>"$work/calls"
    "$aws" s3api "$@" --output text | tr -s '[:space:]' ' ' | sed 's/ $//'
}

# refused TEXT COMMAND… : the command fails with this text.
refused() {
    local text="$1" got
    shift
    if got="$("$@" 2>&1)"; then
        differs "$*: got '$got', wanted a failure"
    fi
    [[ "$got" == *"$text"* ]] || differs "$*: got '$got', wanted $text"
}

same 'mb' "$(s3 mb s3://shell)" 'make_bucket: shell'
echo one >"$work/one.txt"
head -c 20000000 /dev/urandom >"$work/large.bin"
s3 cp --no-progress "$work/one.txt" s3://shell/a/one.txt --metadata k=v >/dev/null
s3 cp --no-progress "$work/large.bin" s3://shell/large.bin >/dev/null
echo two | s3 cp --no-progress - s3://shell/a/two.txt >/dev/null
same 'cp to the output' "$(s3 cp --no-progress s3://shell/a/two.txt -)" two
same 'ls' "$(s3 ls s3://shell | tr -s ' ' | cut -d' ' -f3-)" $'a/\n20000000 large.bin'
same 'ls of what is below' "$(s3 ls --recursive s3://shell/a | tr -s ' ' | cut -d' ' -f3-)" $'4 a/one.txt\n4 a/two.txt'
s3 cp --no-progress s3://shell/large.bin "$work/back.bin" >/dev/null
cmp "$work/large.bin" "$work/back.bin" || differs 'a large file comes back otherwise'
s3 cp --no-progress s3://shell/large.bin s3://shell/copy.bin >/dev/null
s3 mv --no-progress s3://shell/copy.bin s3://shell/b/moved.bin >/dev/null
s3 cp --no-progress s3://shell/b/moved.bin "$work/back.bin" >/dev/null
cmp "$work/large.bin" "$work/back.bin" || differs 'a copy comes back otherwise'

# sync : what is the same is not sent again.
mkdir -p "$work/tree/x"
echo 1 >"$work/tree/1"
echo 2 >"$work/tree/x/2"
# Times of objects have whole seconds: a file of this second would be newer than its object.
touch -d '1 minute ago' "$work/tree/1" "$work/tree/x/2"
s3 sync --no-progress "$work/tree" s3://shell/tree >/dev/null
same 'sync of the same' "$(s3 sync --no-progress "$work/tree" s3://shell/tree)" ''
rm "$work/tree/1"
same 'sync with --delete' "$(s3 sync --no-progress "$work/tree" s3://shell/tree --delete)" 'delete: s3://shell/tree/1'
s3 sync --no-progress s3://shell/tree "$work/copy" >/dev/null
same 'sync back' "$(cat "$work/copy/x/2")" 2
url="$(s3 presign s3://shell/a/one.txt)"
same 'presign' "$(python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end="")' "$url")" one

same 'head-object' "$(api head-object --bucket shell --key a/one.txt --query '[ContentLength, ContentType, Metadata.k]')" '4 text/plain v'
tag="$(md5sum <"$work/one.txt" | cut -d' ' -f1)"
same 'the tag' "$(api head-object --bucket shell --key a/one.txt --query ETag)" "\"$tag\""
same 'get-object-attributes' "$(api get-object-attributes --bucket shell --key a/one.txt --object-attributes ETag ObjectSize \
    --query '[ETag, ObjectSize]')" "$tag 4"
same 'list-objects' "$(api list-objects --bucket shell --prefix a/ --query 'Contents[].Key')" 'a/one.txt a/two.txt'
same 'list-objects-v2' "$(api list-objects-v2 --bucket shell --page-size 1 --query 'Contents[].Key')" \
    'a/one.txt a/two.txt b/moved.bin large.bin tree/x/2'
same 'get-bucket-location' "$(api get-bucket-location --bucket shell)" None
api put-object-tagging --bucket shell --key a/one.txt --tagging 'TagSet=[{Key=t,Value=1}]' >/dev/null
same 'tags' "$(api get-object-tagging --bucket shell --key a/one.txt --query 'TagSet[].[Key, Value]')" 't 1'
api put-object --bucket shell --key folder/ >/dev/null
same 'a folder' "$(s3 ls s3://shell/folder/ | tr -s ' ' | cut -d' ' -f3)" 0
api copy-object --bucket shell --key a/three.txt --copy-source shell/a/one.txt >/dev/null
refused '(NoSuchKey) when calling the GetObject operation: The specified key does not exist.' \
    api get-object --bucket shell --key none "$work/none"
refused '(PreconditionFailed)' api put-object --bucket shell --key a/one.txt --body "$work/one.txt" --if-none-match '*'
refused '(404)' s3 cp s3://shell/none "$work/none"
refused 'BucketNotEmpty' s3 rb s3://shell
s3 rm s3://shell/a/three.txt >/dev/null
s3 rm s3://shell/tree --recursive >/dev/null
same 'rb --force' "$(s3 rb --force s3://shell | tail -n 1)" 'remove_bucket: shell'
same 'no buckets' "$(s3 ls)" ''
echo "ok: $(wc -c <"$work/calls" | tr -d ' ') calls"
