Feature: Somebody books the seats and rooms, at or under what was approved

  A family without money cannot front a fare, and a bank payout arrives on the next business day.

  Background:
    Given a released award whose seats the organisation books, each up to $10 over its quote

  Scenario Outline: At or under the ceiling nobody is asked; one cent over is refused
    When Ana tickets the first seat for <price> its ceiling
    Then the seat is <outcome>

    Examples:
      | price          | outcome  |
      | one cent under | ticketed |
      | exactly        | ticketed |
      | one cent over  | refused  |

  Scenario: Until it is ticketed a seat is only set aside, and then it is paid with its price
    Then nothing is to be paid for the first seat
    When Ana tickets the first seat for one cent under its ceiling
    Then exactly that price is obligated, and the cent is free again
    And the payment to be logged is exactly that price

  Scenario: A changed seat keeps its money, a cancelled one gives it back
    When Ana tickets the first seat for exactly its ceiling
    And the carrier changes the flight
    Then the seat waits to be booked anew, with its money set aside
    When Ana cancels it instead
    Then nothing is set aside for it any more
