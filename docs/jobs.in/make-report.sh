case $1 in
    *day) echo "a report of $1 in $FORMAT and $CURRENCY" ;;
    *) echo "no such day: $1"; exit 2 ;;
esac
