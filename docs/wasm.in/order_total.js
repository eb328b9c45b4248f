// Adds up what an order costs: {"items": [{"price": 250, "count": 2}]} gives {"total": 500}.

export function handle(input) {
    const order = JSON.parse(input);
    if (order.items?.length === 0) {
        throw { error: "Order.Empty", cause: "an order has at least one item" };
    }
    const total = order.items.reduce((total, item) => total + item.price * item.count, 0);
    return JSON.stringify({ total });
}
