"""Every sentence of the family's page, in English and Spanish. The words are law: see the glossary."""

from __future__ import annotations

from collections.abc import Callable

from reunify.intake.form import Language
from reunify.web.pages.family_bank_words import BANK
from reunify.web.pages.family_paper_words import PAPERS
from reunify.web.pages.genuine_words import GENUINE

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Travel plan", "Plan de viaje"),
    "leave": ("Leave this page", "Salir de esta página"),
    "skip": ("Skip to the content", "Ir al contenido"),
    "other_language": ("Español", "English"),
    # the door
    "door_heading": ("Your travel plan", "Su plan de viaje"),
    "door_ask": (
        "Please type the 6 numbers we told you.",
        "Escriba los 6 números que le dijimos, por favor.",
    ),
    "pin": ("The 6 numbers", "Los 6 números"),
    "pin_hint": ("We told you by phone or in person.", "Se los dijimos por teléfono o en persona."),
    "open": ("Open my plan", "Abrir mi plan"),
    "pin_wrong": (
        "Those numbers did not match. Please look and try again, or call us.",
        "Esos números no coinciden. Revíselos e intente otra vez, o llámenos.",
    ),
    "closed_heading": ("This page is closed for now", "Esta página está cerrada por ahora"),
    "closed": (
        "To keep your plan private, this page closes after a while. You did nothing wrong. "
        "Open the link we sent you again, or call us and we will give you a new one.",
        "Para proteger su plan, esta página se cierra después de un tiempo. Usted no hizo nada mal. "
        "Abra otra vez el enlace que le enviamos, o llámenos y le daremos uno nuevo.",
    ),
    "quiet_heading": ("We are here for you", "Estamos con usted"),
    "quiet": (
        "There is nothing you need to do. Call us whenever you want: a person answers, day and night.",
        "No tiene que hacer nada. Llámenos cuando quiera: contesta una persona, de día y de noche.",
    ),
    "quiet_ask_for": ("Ask for:", "Pregunte por:"),
    "trouble_heading": ("Something did not work", "Algo no funcionó"),
    "trouble": (
        "Nothing was lost. Please try again in a minute, or call us.",
        "No se perdió nada. Intente otra vez en un minuto, o llámenos.",
    ),
    "lost": (
        "We cannot open this file. Please call us: we will find another way.",
        "No podemos abrir este archivo. Llámenos, por favor: buscaremos otra manera.",
    ),
    # how it stands
    "arranging_heading": ("We are arranging your trip", "Estamos organizando su viaje"),
    "arranging": (
        "There is nothing you need to do now. We will be in touch when it is ready.",
        "No tiene que hacer nada por ahora. Nos comunicaremos con usted cuando esté listo.",
    ),
    "question_heading": ("We need to know one more thing", "Nos falta saber algo"),
    "question": (
        "We are arranging your trip. Please call us with the answer, or tell the person who helps you:",
        "Estamos organizando su viaje. Llámenos con la respuesta, o dígasela a la persona que le ayuda:",
    ),
    "question_note": (
        "If you do not know, that is all right. Call us: we can look for it together.",
        "Si no lo sabe, no se preocupe. Llámenos: podemos buscarlo juntos.",
    ),
    "approved_heading": ("Your trip is approved", "Su viaje está aprobado"),
    "approved": (
        "These are the costs we pay. Keep this page or download the letter.",
        "Estos son los gastos que pagamos. Guarde esta página o descargue la carta.",
    ),
    "cannot_heading": ("We wrote you a letter", "Le escribimos una carta"),
    "cannot": (
        "We cannot pay this trip from our funds. The letter says what we can do, and how to ask again. "
        "Please call us: we will go through it with you.",
        "No podemos pagar este viaje con nuestros fondos. La carta explica qué podemos hacer y cómo volver "
        "a pedirlo. Llámenos: lo revisamos juntos.",
    ),
    "elsewhere_heading": ("Someone else helps with this trip", "Alguien más ayuda con este viaje"),
    "elsewhere": (
        "Another program helps with this trip, so we pay nothing for it. If anything changes, or you need "
        "more help, please call us.",
        "Otro programa ayuda con este viaje, así que nosotros no pagamos nada. Si algo cambia o necesita más "
        "ayuda, llámenos.",
    ),
    "talk_heading": ("Let us talk about your trip", "Hablemos de su viaje"),
    "talk": (
        "We would like to speak with you about your trip. We will be in touch, or you can call us any time.",
        "Queremos hablar con usted sobre su viaje. Nos comunicaremos con usted, o puede llamarnos "
        "cuando quiera.",
    ),
    # what is paid
    "costs_heading": ("What we pay", "Lo que pagamos"),
    "what": ("What", "Qué"),
    "how": ("How", "Cómo"),
    "fund": ("Paid from", "Se paga con"),
    "up_to": ("Up to", "Hasta"),
    "total": ("Total, up to", "Total, hasta"),
    "no_fee": ("You pay no fee.", "Usted no paga ninguna comisión."),
    "receipts": (
        "Please send us the receipts by {day}. If it will be later, call us: exceptions exist. "
        "Please send back what was not used; call us if you cannot.",
        "Envíenos los recibos a más tardar el {day}. Si necesita más tiempo, llámenos: hay excepciones. "
        "Devuelva lo que no se usó, por favor; llámenos si no puede.",
    ),
    "money_heading": ("The money we send you", "El dinero que le enviamos"),
    "money_soon": (
        "{amount} for {name}: we are sending it.",
        "{amount} para {name}: lo estamos enviando.",
    ),
    "money_sent": (
        "{amount} for {name}: sent. Banks usually show it on the next business day.",
        "{amount} para {name}: enviado. Los bancos suelen mostrarlo al siguiente día hábil.",
    ),
    "money_paid": ("{amount} for {name}: paid.", "{amount} para {name}: pagado."),
    "money_trouble": (
        "{amount} for {name}: the bank did not take it yet. We are on it and will be in touch.",
        "{amount} para {name}: el banco aún no lo aceptó. Lo estamos resolviendo y nos comunicaremos "
        "con usted.",
    ),
    "money_came_back": (
        "{amount} for {name}: the bank sent it back. It is still yours and set aside. We will call you about "
        "the bank account, and then send it again or pay it another way.",
        "{amount} para {name}: el banco lo devolvió. Sigue siendo suyo y está reservado. Le llamaremos por "
        "la cuenta bancaria, y después lo enviaremos otra vez o lo pagaremos de otra manera.",
    ),
    # the plan
    "plan_heading": ("Your trip", "Su viaje"),
    "planned": (
        "This is the plan. It can still change; we will tell you.",
        "Este es el plan. Todavía puede cambiar; le avisaremos.",
    ),
    "partly": (
        "Part of your trip is confirmed: each ticket and room says so. We will tell you when the rest is.",
        "Una parte de su viaje está confirmada: cada boleto y cuarto lo dice. Le avisaremos de lo demás.",
    ),
    "confirmed": (
        "Your trip is confirmed. If a time changes, we will tell you.",
        "Su viaje está confirmado. Si cambia una hora, le avisaremos.",
    ),
    "yours": (
        "You buy or drive this trip yourself. There is nothing for us to book.",
        "Usted compra los boletos o maneja. Nosotros no reservamos nada.",
    ),
    "booking_code": ("Code", "Código"),
    "phone": ("Phone", "Teléfono"),
    "counter": ("At the counter you can say:", "En el mostrador puede decir en inglés:"),
    "leaves": ("Leaves", "Sale"),
    "arrives": ("Arrives", "Llega"),
    "with": ("Who", "Quién"),
    "carrier": ("With", "Con"),
    "meets": ("Meeting", "Encuentro"),
    "bring": ("Please bring", "Lleve, por favor"),
    "stay_heading": ("Where you sleep", "Dónde se hospeda"),
    "say": ("At the desk you can say:", "En la recepción puede decir en inglés:"),
    "places_heading": ("Please also know", "También sepa esto"),
    # the short address
    "code": ("The 8 letters and numbers", "Las 8 letras y números"),
    "code_hint": (
        "Big or small letters, with or without the line.",
        "En mayúsculas o minúsculas, con o sin guion.",
    ),
    "code_wrong": (
        "Those did not match, or this page is closed. Please look and try again, or call us.",
        "No coinciden, o esta página está cerrada. Revise e intente otra vez, o llámenos.",
    ),
    # what others are told
    "others_heading": ("What we tell others", "Lo que decimos a otros"),
    "others_link": ("See it and decide", "Verlo y decidir"),
    "others_intro": (
        "You decide about each one. We help you all the same, whatever you decide.",
        "Usted decide sobre cada uno. Le ayudamos de todas maneras, decida lo que decida.",
    ),
    "others_none": ("There is nothing to decide now.", "No hay nada que decidir por ahora."),
    "your_name": ("Type your name: it is your signature", "Escriba su nombre: es su firma"),
    "until_when": ("Until when", "Hasta cuándo"),
    "months_3": ("3 months", "3 meses"),
    "months_6": ("6 months", "6 meses"),
    "months_12": ("One year", "Un año"),
    "agree": ("I agree", "Estoy de acuerdo"),
    "say_no": ("I say no", "Digo que no"),
    "take_back": ("Take it back", "Retirarlo"),
    "name_needed": ("Please type your name first.", "Escriba primero su nombre, por favor."),
    "agreed": (
        "You agreed. It ends by itself on {day}.",
        "Usted aceptó. Termina sin que haga nada el {day}.",
    ),
    "others_sign": (
        "Someone else still has to agree before we tell anything.",
        "Todavía falta que otra persona acepte antes de que digamos algo.",
    ),
    "said_no": (
        "You said no, so we go another way. You can still change your mind.",
        "Usted dijo que no, así que buscamos otra forma. Todavía puede cambiar de idea.",
    ),
    "taken_back": (
        "You took it back. From now on we tell nothing more.",
        "Usted lo retiró. Desde ahora no decimos nada más.",
    ),
    "ended": ("It is over. You can agree again.", "Ya terminó. Puede aceptar otra vez."),
    "told_heading": ("Who has been told", "A quién se le ha dicho"),
    "told_none": ("Nobody outside has been told.", "No se le ha dicho a nadie de fuera."),
    "told_line": ("{recipient}, on {day}: {what}.", "{recipient}, el {day}: {what}."),
    "told_by_law": (
        "{recipient} may read your names from {first} to {last}, because the law or a court orders it. "
        "Call us: we will explain.",
        "{recipient} puede leer sus nombres del {first} al {last}, porque la ley o un tribunal lo ordena. "
        "Llámenos: se lo explicamos.",
    ),
    "somebody_by_law": ("An office the law names", "Una oficina que la ley nombra"),
    "back_to_plan": ("Back to your plan", "Volver a su plan"),
    # papers and calls
    "papers_heading": ("Your papers", "Sus documentos"),
    "papers": (
        "Other people can read what you save on a shared phone.",
        "Otras personas pueden leer lo que guarde en un teléfono compartido.",
    ),
    "approval_letter": ("Letter about what we pay", "Carta sobre lo que pagamos"),
    "refusal_letter": ("Letter about what we can do", "Carta sobre lo que podemos hacer"),
    "information_request": ("Letter about what we need to know", "Carta sobre lo que nos falta saber"),
    "itinerary": ("Travel plan on paper", "Plan de viaje en papel"),
    "payment_advice": ("Letter about a payment", "Carta sobre un pago"),
    "closeout_letter": ("Letter about all that was paid", "Carta sobre todo lo que se pagó"),
    "docx": ("Word", "Word"),
    "pdf": ("PDF", "PDF"),
    "ics": ("Calendar", "Calendario"),
    "in_en": ("in English", "en inglés"),
    "in_es": ("in Spanish", "en español"),
    "support_heading": ("Others who can help", "Otros que pueden ayudar"),
    "support": (
        "They are not part of us. You do not need to tell them about this trip.",
        "No son parte de nosotros. No tiene que contarles de este viaje.",
    ),
    "support_checked": ("We checked this number on {day}.", "Comprobamos este número el {day}."),
    "help_hotline": ("Someone to call", "A quién llamar también"),
    "help_peer_support": ("Families like yours", "Familias como la suya"),
    "help_counselling": ("Someone to talk to", "Con quién hablar"),
    "help_legal_help": ("Help with the law", "Ayuda legal"),
    "help_food": ("Food", "Comida"),
    "help_lodging": ("A place to sleep", "Dónde dormir"),
    "call_heading": ("Who to call", "A quién llamar"),
    "call_day": ("By day", "De día"),
    "call_night": ("At night and on weekends", "De noche y en fines de semana"),
    "call_free": ("You can call about anything.", "Puede llamar por cualquier cosa."),
    "your_reference": ("Your number with us", "Su número con nosotros"),
    **PAPERS,
    **BANK,
    **GENUINE,
}

Say = Callable[..., str]


def speaker(language: Language) -> Say:
    """`say("planned")`: one sentence in this language; blanks are filled by keyword."""

    def say(key: str, **blanks: str) -> str:
        sentence = WORDS[key][language == "es"]
        return sentence.format(**blanks) if blanks else sentence

    return say
