;; A component of the world asl:task/task but that handle is an async func: it returns its result, the input, by a call.
(component
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))
  (core instance $memory (instantiate $memory))
  (type $error' (record (field "error" string) (field "cause" string)))
  (export $error "error" (type $error'))
  (type $result (result string (error $error)))
  (core func $return (canon task.return (result $result) (memory (core memory $memory "memory"))))
  (core func $cancel (canon task.cancel))
  (core func $set (canon waitable-set.new))
  (core module $code
    (import "host" "return" (func $return (param i32 i32 i32 i32 i32)))
    (import "host" "cancel" (func $cancel))
    (import "host" "set" (func $set (result i32)))
    (func (export "handle") (param $at i32) (param $len i32) (result i32)
      (drop (call $set))
      (call $return (i32.const 0) (local.get $at) (local.get $len) (i32.const 0) (i32.const 0))
      ;; There is nothing to wait for.
      (i32.const 0))
    (func (export "callback") (param i32 i32 i32) (result i32) (unreachable)))
  (core instance $run (instantiate $code (with "host" (instance
    (export "return" (func $return)) (export "cancel" (func $cancel)) (export "set" (func $set))))))
  (func $handle async (param "input" string) (result $result)
    (canon lift (core func $run "handle") async (callback (core func $run "callback"))
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
  (export "handle" (func $handle)))
