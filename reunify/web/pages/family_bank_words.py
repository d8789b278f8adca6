"""The words around typing bank details at Stripe, in English and Spanish."""

from __future__ import annotations

BANK = {
    "bank_heading": ("Where should the money go?", "¿A dónde enviamos el dinero?"),
    "bank_why": (
        "{amount} for {name} is ready. Stripe, the company that sends our payments, does not know the bank "
        "account yet. You type it on their page. We never see it.",
        "{amount} para {name} ya está listo. Stripe, la empresa que envía nuestros pagos, aún no conoce la "
        "cuenta de banco. Usted la escribe en la página de ellos. Nosotros nunca la vemos.",
    ),
    "bank_button": (
        "Tell the payment service where to send the money",
        "Decir al servicio de pagos a dónde enviar el dinero",
    ),
    "bank_help": (
        "No bank account, or you would rather not? Call us: we pay you another way.",
        "¿No tiene cuenta de banco o prefiere no darla? Llámenos: le pagamos de otra manera.",
    ),
    "bank_going_heading": ("On to the payment service", "Al servicio de pagos"),
    "bank_going": (
        "You go to Stripe's page now, and come back here afterwards. This way works for a short time.",
        "Ahora pasa a la página de Stripe y después regresa aquí. Esta entrada sirve por poco tiempo.",
    ),
    "bank_go_on": ("Go on", "Seguir"),
    "bank_back_heading": ("Thank you", "Gracias"),
    "bank_back": (
        "We look again within minutes. If the bank account is there, the money is sent by itself.",
        "Volvemos a revisar en unos minutos. Si la cuenta de banco ya está, el dinero se envía solo.",
    ),
    "bank_not_done": (
        "If you could not finish, you can go there again:",
        "Si no pudo terminar, puede entrar otra vez:",
    ),
    "bank_close": ("You can close this page.", "Puede cerrar esta página."),
    "bank_wrong_heading": ("Not just now", "Ahora no se puede"),
    "bank_no_consent": (
        "Stripe may not be told of this payment, because the yes to it does not stand. That is all right. "
        "We pay you another way. Call us if you want to change it.",
        "No podemos decir a Stripe de este pago, porque no hay un sí que valga ahora. No hay problema. "
        "Le pagamos de otra manera. Llámenos si quiere cambiarlo.",
    ),
    "bank_off": (
        "We do not send money through Stripe now. We pay you another way and will be in touch.",
        "Ahora no enviamos dinero por Stripe. Le pagamos de otra manera y nos comunicaremos con usted.",
    ),
    "bank_later": (
        "The payment service does not answer now. Nothing was lost. Please try again in a few minutes, "
        "or call us.",
        "El servicio de pagos no contesta ahora. No se perdió nada. Intente otra vez en unos minutos, "
        "o llámenos.",
    ),
    "bank_moved_on": (
        "Nothing more is needed from you for this payment.",
        "Ya no hace falta nada más de usted para este pago.",
    ),
}
